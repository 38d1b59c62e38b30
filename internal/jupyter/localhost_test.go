package jupyter

import (
	"fmt"
	"net"
	"strconv"
	"testing"

	"colabtray/internal/engine"
)

// TestOpenOnHost: a container on the network of the host is reachable at the addresses
// at which its Jupyter listens.
func TestOpenOnHost(t *testing.T) {
	listen := func(address string, port int) int {
		l, err := net.Listen("tcp4", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr().(*net.TCPAddr).Port
	}
	host := engine.Container{HostNetwork: true}
	if got := openOnHost(t.Context(), host, listen("127.0.0.1", 0)); got != "" {
		t.Errorf("what listens at 127.0.0.1 alone is open at %s", got)
	}
	port := listen("0.0.0.0", 0)
	if got, want := openOnHost(t.Context(), host, port), fmt.Sprintf("0.0.0.0:%d", port); got != want {
		t.Errorf("what listens everywhere is open at %q, want %q", got, want)
	}
	if got := openOnHost(t.Context(), engine.Container{}, port); got != "" {
		t.Errorf("a container with a network of its own is open at %s", got)
	}
}
