package gateway

import "net"

// free ends listening at a port.
func free(l net.Listener) { _ = l.Close() }
