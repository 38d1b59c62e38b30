package guide

import (
	"net"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestNotFromTheNetwork: at no address but 127.0.0.1 does anybody listen.
func TestNotFromTheNetwork(t *testing.T) {
	r := withoutEngine(t)
	_, origin := r.address()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(origin, "http://"))
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	others := 0
	for _, a := range addresses {
		network, is := a.(*net.IPNet)
		if !is || network.IP.IsLinkLocalUnicast() || network.IP.Equal(net.IPv4(127, 0, 0, 1)) {
			continue
		}
		others++
		c, err := net.Dial("tcp", net.JoinHostPort(network.IP.String(), port))
		if err == nil {
			_ = c.Close()
			t.Errorf("somebody listens at %s", network.IP)
		}
	}
	testenv.Need(t, "another address of this machine than 127.0.0.1", others > 0)
}
