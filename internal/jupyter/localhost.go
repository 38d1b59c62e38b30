package jupyter

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"colabtray/internal/engine"
)

const (
	IPv6Loopback = "::1"
	// anotherLoopback reaches a program that listens at all addresses, but not one that
	// listens at 127.0.0.1 alone.
	anotherLoopback = "127.0.0.2"
	// dialTime limits a connection within this computer. Some systems take longer to
	// report that nothing listens.
	dialTime = 200 * time.Millisecond
)

// localhostTaken reports whether a browser that opens localhost at a port reaches a
// program other than the container.
func localhostTaken(ctx context.Context, c engine.Container, port int) bool {
	if _, _, ipv6 := c.Published(port); ipv6 {
		return false
	}
	return dial(ctx, IPv6Loopback, port) == nil
}

// openOnHost returns the address at which other computers reach a container on the
// host's network; "" when it listens on the loopback interface alone. When that cannot
// be determined, the container counts as open.
func openOnHost(ctx context.Context, c engine.Container, port int) string {
	if !c.HostNetwork || errors.Is(dial(ctx, anotherLoopback, port), syscall.ECONNREFUSED) {
		return ""
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)).String()
}

// dial returns an error unless a program accepts a connection.
func dial(ctx context.Context, host string, port int) error {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err == nil {
		_ = conn.Close()
	}
	return err
}
