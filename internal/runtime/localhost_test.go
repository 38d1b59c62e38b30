package runtime

import (
	"fmt"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestNetworkOfTheHost: the engine tells that a container has the network of the host.
func TestNetworkOfTheHost(t *testing.T) {
	r := newRig(t, onDocker(t), testenv.Notebook6)
	r.docker("create", "--name", r.profile.Runtime, "--network", "host", r.profile.Image)
	docker, err := docker.New(r.host)
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	c, err := docker.Inspect(t.Context(), r.profile.Runtime)
	if err != nil || !c.HostNetwork || c.Ports[8888] != 8888 {
		t.Errorf("the engine says %+v, %v", c, err)
	}
}

// TestOpenWhileItRuns: what the model was told of counts as long as the run does.
func TestOpenWhileItRuns(t *testing.T) {
	var m model
	hostNetwork := runA
	hostNetwork.HostNetwork = true
	m.step(engineUp{engine.Info{}})
	m.step(seen{container: hostNetwork})
	m.step(answered{start: startOf(hostNetwork), url: urlA.LocalhostTaken(true), open: "0.0.0.0:8888"})
	if m.open != "0.0.0.0:8888" {
		t.Errorf("it is open at %q", m.open)
	}
	m.step(seen{container: ended(hostNetwork, 0)})
	if m.open != "" {
		t.Errorf("stopped, it is open at %q", m.open)
	}
}

func TestWarnings(t *testing.T) {
	s := Snapshot{State: Ready, Runtime: "r", Port: 9000, InnerPort: 8080, URL: urlA, Engine: engine.Info{Command: "podman"}}
	m := new(Manager)
	if all := m.warnings(s); len(all) != 0 {
		t.Errorf("of nothing there is %v", all)
	}
	s.Open, s.URL = "[::]:9000", urlA.LocalhostTaken(true)
	all := m.warnings(s)
	if len(all) != 2 || all[0].Code != problem.OpenToNetwork || all[1].Code != problem.LocalhostTaken {
		t.Fatalf("there are %v", all)
	}
	for _, part := range []string{"[::]:9000", "-p 127.0.0.1:9000:8080", "r-data"} {
		if !strings.Contains(all[0].Hint, part) {
			t.Errorf("%q is missing in %q", part, all[0].Hint)
		}
	}
	if all[0].Command != "podman rename r r-old" || !strings.Contains(all[1].Short, "[::1]:8888") {
		t.Errorf("they are %+v and %+v", all[0], all[1])
	}
	if got := s.URL.Reveal(); got != "http://127.0.0.1:8888/?token=secret-a" || !strings.HasPrefix(fmt.Sprint(s.URL), "http://127.0.0.1:8888/") {
		t.Errorf("the Backend URL is %s, or %s", got, s.URL)
	}
}
