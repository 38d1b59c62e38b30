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
	Ipv6Loopback = "::1"
	// anotherLoopback is led to by what listens at all addresses, and not by what
	// listens at 127.0.0.1 alone.
	anotherLoopback = "127.0.0.2"
	// dialTime is how long something on this computer may take to be connected to.
	// Where nothing listens some systems take longer to say so.
	dialTime = 200 * time.Millisecond
)

// localhostTaken reports whether a browser that looks for localhost at a port finds a
// program that is not known to be the container.
func localhostTaken(ctx context.Context, c engine.Container, port int) bool {
	if _, _, ipv6 := c.Published(port); ipv6 {
		return false
	}
	return dial(ctx, Ipv6Loopback, port) == nil
}

// OpenOnHost returns the address at which other computers reach a container
// that has no network of its own; "" when it listens to this one alone. Where
// that cannot be found out it counts as open.
func OpenOnHost(ctx context.Context, c engine.Container, port int) string {
	if !c.HostNetwork || errors.Is(dial(ctx, anotherLoopback, port), syscall.ECONNREFUSED) {
		return ""
	}
	return netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port)).String()
}

func dial(ctx context.Context, host string, port int) error {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err == nil {
		_ = conn.Close()
	}
	return err
}
