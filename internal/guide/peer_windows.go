package guide

import "net"

// isOwnUser returns true. On Windows the owner does not matter: only who can do
// everything that the person can do can read the command line with the address.
func isOwnUser(net.Conn) bool { return true }
