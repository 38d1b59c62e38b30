package runtime

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
)

// TestWithout: what was asked for and is not there is noticed.
func TestWithout(t *testing.T) {
	p := config.Default()
	p.Memory, p.CPUs, p.ShmSize = 1<<30, 1.5, 128<<20
	p.Folders = []config.Folder{{Host: "/srv/a", Path: "/a"}, {Host: "/srv/b", Path: "/b", ReadOnly: true}}
	s := specOf(p, shipped(), engine.Info{})
	made := engine.Container{Exists: true, Labels: s.Labels, Ports: map[int]int{8888: p.Port}, Effective: engine.Effective{
		Memory: 1 << 30, CPUs: 1.5, ShmSize: 128 << 20,
		Folders: []config.Folder{{Host: "/mnt/elsewhere/a", Path: "/a"}, {Host: "/srv/b", Path: "/b", ReadOnly: true}},
	}}
	for want, change := range map[string]func(*engine.Container){
		"":             func(*engine.Container) {},
		"memory":       func(c *engine.Container) { c.Effective.Memory = 0 },
		"memory, cpus": func(c *engine.Container) { c.Effective.Memory, c.Effective.CPUs = -1, 0 },
		"cpus":         func(c *engine.Container) { c.Effective.CPUs = 2 },
		"shm_size":     func(c *engine.Container) { c.Effective.ShmSize = 64 << 20 },
		"folders":      func(c *engine.Container) { c.Effective.Folders = c.Effective.Folders[1:] },
		"port":         func(c *engine.Container) { c.Ports = map[int]int{8888: p.Port + 1} },
	} {
		c := made
		change(&c)
		if got := strings.Join(s.Without(c), ", "); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	writable := made
	writable.Effective.Folders = []config.Folder{{Path: "/a"}, {Path: "/b"}}
	if got := s.Without(writable); !slices.Equal(got, []string{"folders"}) {
		t.Errorf("a folder that is to be read only can be written: got %q", got)
	}
	for name, c := range map[string]engine.Container{
		"made from other settings": {Exists: true, Labels: map[string]string{engine.LabelSettings: "other"}},
		"made by hand":             {Exists: true},
	} {
		if got := s.Without(c); got != nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := specOf(config.Default(), shipped(), engine.Info{}).Without(engine.Container{Exists: true, Labels: specOf(config.Default(), shipped(), engine.Info{}).Labels}); got != nil {
		t.Errorf("nothing was asked for: got %q", got)
	}
}

// TestEngineWarns: what an engine says when it makes a container reaches a
// person. The words are those of Docker 20.10 on a kernel without cgroups for
// memory.
func TestEngineWarns(t *testing.T) {
	const warning = "Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded."
	p := config.Default()
	p.Memory = 1 << 30
	s := specOf(p, shipped(), engine.Info{})
	which := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/create"):
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"Id": "made", "Warnings": [%q]}`, warning)
		default:
			fmt.Fprintf(w, `{"Id": "made", "Name": "/x", "State": {}, "Config": {"Labels": {%q: %q}}, "HostConfig": {"Memory": 0}}`,
				engine.LabelSettings, s.Labels[engine.LabelSettings])
		}
	}))
	t.Cleanup(which.Close)
	d, err := docker.New(strings.Replace(which.URL, "http://", "tcp://", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	made, err := d.Create(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Inspect(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	w := engine.WithoutWarning(s, c, engine.Info{Name: "Docker", Command: "docker"})
	if w == nil || w.Code != problem.Without || !strings.Contains(w.Short, "memory") || !strings.Contains(w.Hint, warning) || w.Command != "docker info" {
		t.Errorf("got %+v", w)
	}
	p.Memory = 0 // and what it says of something else
	if w := engine.WithoutWarning(specOf(p, shipped(), engine.Info{}), c, engine.Info{Name: "Docker"}); w == nil || w.Code != problem.EngineWarned || !strings.Contains(w.Hint, warning) {
		t.Errorf("got %+v", w)
	}
}
