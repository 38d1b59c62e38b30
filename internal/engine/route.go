package engine

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// Route is the way to a TCP port in a container.
type Route interface {
	// Dial opens a connection to the port.
	Dial(ctx context.Context) (net.Conn, error)
	// Close ends what keeps the way open. Connections may end with it.
	Close() error
}

// LoopbackRoute returns the way to a port of a container that is published on
// this computer.
func LoopbackRoute(c Container, port int) (Route, error) {
	local := c.Ports[port]
	if c.HostNetwork {
		local = port
	}
	if local == 0 {
		return nil, fmt.Errorf("%w: port %d of %s is not published", ErrNotFound, port, c.Name)
	}
	return loopback(local), nil
}

// loopback leads to a port of the loopback interface.
type loopback int

// Dial implements [Route].
func (l loopback) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(l))))
}

// Close implements [Route].
func (l loopback) Close() error { return nil }
