package docker

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"colabtray/internal/engine"
)

// FuzzInspect reads any answer of an engine about a container. Where one can be
// understood, ports are ports, and none that others can reach is taken for one of this
// computer alone.
func FuzzInspect(f *testing.F) {
	f.Add(`{"Id": "1", "Name": "/r", "State": {"Running": true, "StartedAt": "2026-01-02T03:04:05Z"}, "Config": {"Image": "docker.io/library/a"},
		"NetworkSettings": {"Ports": {"8888/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9000"}, {"HostIp": "", "HostPort": "9001"}]}}}`)
	f.Add(`{"Id": "1", "State": {"Paused": true}, "Config": {}, "HostConfig": {"NetworkMode": "host", "PortBindings": {"x/tcp": [{"HostPort": "1"}]}}}`)
	f.Add(`{"Id": "1", "State": {}, "Config": {}, "HostConfig": {"PortBindings": {"99999/tcp": [{"HostIp": "::ffff:10.0.0.1", "HostPort": "99999"}],
		"1-3/tcp": [{"HostIp": "localhost", "HostPort": "-1"}], "7/udp": null}}}`)
	f.Add(`{"Id": "1", "State": {"Health": {"Status": "unhealthy"}}, "Config": {}, "Mounts": [{"Type": "bind", "Source": "../x"}, {"Type": "volume", "Name": "v", "Destination": "/home"}]}`)
	f.Add(`{"State": null}`)
	var says string
	docker, err := New("unix:///nowhere/docker.sock")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = docker.Close() })
	api, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHTTPClient(&http.Client{Transport: answers(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, says)
	})}))
	if err != nil {
		f.Fatal(err)
	}
	docker.switchTo(api, engine.Info{})
	f.Fuzz(func(t *testing.T, answer string) {
		says = answer
		c, err := docker.Inspect(t.Context(), "r")
		if err != nil {
			return
		}
		if !c.Exists || c.Paused && !c.Running {
			t.Errorf("%q is %+v", answer, c)
		}
		for inner, port := range c.Ports {
			if port < 1 || port > 65535 {
				t.Errorf("%q publishes %d at %d", answer, inner, port)
			}
		}
		for inner, addresses := range c.Addresses {
			if !slices.IsSortedFunc(addresses, netip.AddrPort.Compare) {
				t.Errorf("%q publishes %d at %v", answer, inner, addresses)
			}
		}
		var r container.InspectResponse
		if json.Unmarshal([]byte(answer), &r) != nil || c.HostNetwork || r.NetworkSettings == nil {
			return
		}
		for inner, bindings := range r.NetworkSettings.Ports {
			for _, b := range bindings {
				port, err := strconv.ParseUint(b.HostPort, 10, 16)
				ip, _ := netip.ParseAddr(b.HostIP)
				if err != nil || port == 0 || inner.Proto() != "tcp" || ip.Unmap().IsLoopback() {
					continue
				}
				if !slices.ContainsFunc(c.Addresses[inner.Int()], func(a netip.AddrPort) bool { return int(a.Port()) == int(port) && !a.Addr().IsLoopback() }) {
					t.Errorf("%q is open at %v, and that is not seen in %v", answer, b, c.Addresses)
				}
			}
		}
	})
}
