package runtime

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/test/testenv"
)

// boxes starts machines that are reached over ssh, and puts an ssh that knows them first
// in PATH.
func boxes(t *testing.T, n int) []*testenv.Box {
	t.Helper()
	var all []*testenv.Box
	script := "#!/bin/sh\ncase \"$*\" in\n"
	for range n {
		box := testenv.SSHD(t)
		all = append(all, box)
		script += fmt.Sprintf("*%s*) exec %s \"$@\";;\n", box.Name, box.Program())
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(script+"esac\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	return all
}

// TestTwoBoxes: the runtimes of two profiles on two boxes become ready and serve here,
// and stay ready and the same while the connection to their box is repaired.
func TestTwoBoxes(t *testing.T) {
	testenv.Takes(t, "it starts Jupyter on a real engine")
	at := onDocker(t)
	socket := strings.TrimPrefix(at.host, "unix://")
	box := boxes(t, 2)
	one := profileOf(t, at, "one", testenv.FakeJupyter)
	two := profileOf(t, at, "two", testenv.FakeJupyter)
	one.Engine, two.Engine = box[0].Address()+socket, box[1].Address()+socket

	log := toldOnFailure(t)
	links := NewLinks(func(address string) engine.Engine { return docker.Open(address, log) }, log)
	f := &fleetRig{NewFleet(links, byName(one, two), "one", Options{Server: shipped(), Log: log}), t}
	f.runWith(links)
	first, second := f.mustStart("one"), f.mustStart("two")
	if first.Engine.Elsewhere() != box[0].Name || !first.Listens || first.Port != one.Port {
		t.Errorf("the first one is %+v", first)
	}
	f.mustServe(first.URL)
	f.mustServe(second.URL)

	// From here on it is never told as anything but ready.
	watching, stop := context.WithCancel(t.Context())
	overviews := f.Watch(watching)
	seen := make(chan []State, 1)
	go func() {
		var states []State
		for o := range overviews {
			if s, _ := o.Of("one"); s.State != Ready {
				states = append(states, s.State)
			}
		}
		seen <- states
	}()
	for _, fault := range []func(testing.TB){box[0].Kill, box[0].Restart, box[0].Silence} {
		fault(t)
		// What was on its way is lost with the connection, as it is in a browser.
		for t.Context().Err() == nil {
			answer, err := http.Get(fmt.Sprintf("http://localhost:%d/api", first.Port))
			if err == nil {
				_ = answer.Body.Close()
				break
			}
		}
		f.mustServe(first.URL)
	}
	// What happens there is heard of again.
	at.others(t, "stop", two.Runtime)
	f.untilState("two", Stopped)
	stop()
	if states := <-seen; len(states) > 0 {
		t.Errorf("meanwhile it was %v", states)
	}
	at.others(t, "stop", one.Runtime)
	f.untilState("one", Stopped)
	if s := f.mustStart("one"); s.Container != first.Container {
		t.Error("the container was made anew")
	}
}
