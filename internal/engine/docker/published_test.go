package docker

import (
	"strconv"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// TestPublished reads what engines say of ports.
func TestPublished(t *testing.T) {
	const port = 8888
	at := func(addresses ...string) []nat.PortBinding {
		var all []nat.PortBinding
		for _, a := range addresses {
			all = append(all, nat.PortBinding{HostIP: a, HostPort: strconv.Itoa(port)})
		}
		return all
	}
	for _, test := range []struct {
		bindings []nat.PortBinding
		open     string
		ipv6     bool
	}{
		{at("127.0.0.1"), "", false},
		{at("127.0.0.1", "::1"), "", true},
		{at("127.0.0.1", "127.0.0.9"), "", false},
		{at("127.0.0.1", "::ffff:127.0.0.2"), "", false},
		{at("0.0.0.0"), "0.0.0.0:8888", false},
		{at("::", "0.0.0.0"), "0.0.0.0:8888", true},
		{at(""), "0.0.0.0:8888", true},
		{at("127.0.0.1", "::"), "[::]:8888", true},
		{at("127.0.0.1", "192.0.2.7"), "192.0.2.7:8888", false},
		{at("127.0.0.1", "fe80::1%eth0"), "[fe80::1%eth0]:8888", false},
		{at("127.0.0.1", "no address"), "0.0.0.0:8888", false},
		{append(at("127.0.0.1"), nat.PortBinding{HostIP: "0.0.0.0", HostPort: "9999"}), "0.0.0.0:9999", false},
		{append(at("127.0.0.1"), nat.PortBinding{HostIP: "::", HostPort: "9999"}), "[::]:9999", false},
	} {
		settings := new(container.NetworkSettings)
		settings.Ports = nat.PortMap{"8888/tcp": test.bindings, "22/tcp": at("0.0.0.0"), "8888/udp": at("0.0.0.0")}
		var c engine.Container
		recordPorts(&c, container.InspectResponse{
			ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &container.HostConfig{}}, NetworkSettings: settings,
		})
		delete(c.Ports, 22) // another port leads nowhere that matters here
		inner, open, ipv6 := c.Published(jupyter.LocalPort(c, config.Default(), engine.Info{}))
		if inner != 8888 || open != test.open || ipv6 != test.ipv6 {
			t.Errorf("%v: port %d, open %q, IPv6 %t", test.bindings, inner, open, ipv6)
		}
	}
}
