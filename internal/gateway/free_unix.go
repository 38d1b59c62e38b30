//go:build unix

package gateway

import (
	"net"
	"syscall"
)

// free ends listening at a port. A child that is being started has the listener, too, until
// it runs its own program: without the shutdown it would go on to take connections, to which
// nobody answers, and the port would be in use.
func free(l net.Listener) {
	if c, is := l.(syscall.Conn); is {
		if raw, err := c.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_RD) })
		}
	}
	_ = l.Close()
}
