package runtime

import (
	"log/slog"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/test/testenv"
)

// noted is an engine that tells of its end.
type noted struct {
	engine.Engine
	closed func()
}

func (n noted) Close() error {
	n.closed()
	return nil
}

func (n noted) Unwrap() engine.Engine { return n.Engine }

// TestSeveralEngines: profiles on two engines are runtimes of their own, also with the
// same name, and one that moves leaves its runtime on the engine that it leaves.
func TestSeveralEngines(t *testing.T) {
	t.Parallel()
	here, box := inMemory(t), inMemory(t)
	at := map[string]site{"": here, "ssh://box": box}
	closed := make(chan string, 3) // each engine that was opened
	links := NewLinks(func(address string) engine.Engine {
		return noted{at[address].memory.Engine, func() { closed <- address }}
	}, slog.New(slog.DiscardHandler))
	profile := func(name, address string) config.Profile {
		p := config.Default()
		p.Name, p.Engine, p.Image, p.Port = name, address, testenv.Notebook6, testenv.FreePort(t)
		return p
	}
	one, two := profile("one", ""), profile("two", "ssh://box")
	f := &fleetRig{NewFleet(links, byName(one, two), "one", Options{Server: shipped(), Log: slog.New(slog.DiscardHandler)}), t}
	t.Cleanup(func() {
		if one, other := <-closed, <-closed; one == other {
			t.Errorf("the engine at %q was closed twice", one)
		}
	})
	f.runWith(links)

	first := f.mustStart("one")
	if s := f.untilState("two", Absent); s.ID() == first.ID() || s.Address != "ssh://box" {
		t.Errorf("the other one is %+v", s)
	}
	second := f.mustStart("two")
	f.mustServe(first.URL)
	f.mustServe(second.URL)

	// An engine that does not answer is no matter of the other's runtimes.
	box.memory.SetDown(true)
	f.untilState("two", NoEngine)
	if s, _ := f.Overview().Of("one"); s.State != Ready {
		t.Errorf("without the box it is %+v", s)
	}
	box.memory.SetDown(false)
	f.untilState("two", Ready)

	// A profile that moves to the other engine finds what is there.
	two.Engine = ""
	f.Update(byName(one, two))
	if s := f.untilState("two", Ready); s.ID() != first.ID() {
		t.Errorf("it is %+v", s)
	}
	if address := <-closed; address != "ssh://box" {
		t.Errorf("the engine at %q was closed", address)
	}
	if !box.runs(t, one.Runtime) {
		t.Error("the runtime on the box was stopped")
	}
	two.Engine = "ssh://box"
	f.Update(byName(one, two))
	if s := f.untilState("two", Ready); s.ID() == first.ID() {
		t.Errorf("it is %+v", s)
	}
}
