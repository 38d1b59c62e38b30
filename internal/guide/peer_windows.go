package guide

import "net"

// isOwnUser reports whether a connection may have been made by a program of the
// person's own. Whose it is, is not asked: nobody else can read the command line
// with the address, unless they can do all that the person can.
func isOwnUser(net.Conn) bool { return true }
