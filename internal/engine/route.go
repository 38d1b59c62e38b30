package engine

import (
	"context"
	"fmt"
	"net"
	"strconv"
)

// Route is a way to a TCP port in a container.
type Route interface {
	// Dial opens a connection to the port.
	Dial(ctx context.Context) (net.Conn, error)
	// Close closes the route. Its connections may be closed, too.
	Close() error
}

// LoopbackRoute returns the route to a port of a container that is published on the
// loopback interface of this computer. The error wraps [ErrNotFound] when the port is
// not published.
func LoopbackRoute(c Container, port int) (Route, error) {
	local, err := PublishedPort(c, port)
	if err != nil {
		return nil, err
	}
	return loopback(local), nil
}

// PublishedPort returns the port of the engine's machine that leads to a port in a
// container. The error wraps [ErrNotFound] when there is none.
func PublishedPort(c Container, port int) (int, error) {
	published := c.Ports[port]
	if c.HostNetwork {
		published = port
	}
	if published == 0 {
		return 0, fmt.Errorf("%w: port %d of %s is not published", ErrNotFound, port, c.Name)
	}
	return published, nil
}

// loopback is a route to a port of 127.0.0.1.
type loopback int

// Dial implements [Route].
func (l loopback) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(l))))
}

// Close implements [Route].
func (l loopback) Close() error { return nil }
