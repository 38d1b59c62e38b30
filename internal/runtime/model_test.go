package runtime

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

var writeAnew = flag.Bool("update", false, "write the table of the model anew; read the difference before you commit it")

var (
	runA = engine.Container{Exists: true, Name: "r", ID: "a", Running: true, StartedAt: time.Unix(100, 0), Ports: map[int]int{8888: 8888}}
	runB = engine.Container{Exists: true, Name: "r", ID: "a", Running: true, StartedAt: time.Unix(200, 0), Ports: map[int]int{8888: 8888}}
	urlA = jupyter.NewBackendURL(8888, secret.New("secret-a"))
	urlB = jupyter.NewBackendURL(8888, secret.New("secret-b"))
	oops = &problem.Problem{Code: problem.EngineFailed, Short: "oops"}
	mute = &problem.Problem{Code: problem.NoAnswer, Short: "mute"}
	away = &problem.Problem{Code: problem.NoEngine, Short: "away"}
)

// ended is the container after that run.
func ended(c engine.Container, exit int) engine.Container {
	c.Running, c.ExitCode, c.EndedAt = false, exit, c.StartedAt.Add(time.Second)
	return c
}

// paused is the container while it is.
func paused(c engine.Container) engine.Container {
	c.Paused = true
	return c
}

// waits is the container while it waits to run; the run counts from the end of the wait.
func waits(what engine.WaitingFor) engine.Container {
	c := runA
	c.StartedAt, c.Waiting = time.Unix(90, 0), &engine.Waiting{For: what, Since: time.Unix(90, 0)}
	return c
}

// lost is the container after a wait or a run that its engine has ended.
func lost(c engine.Container) engine.Container {
	c = ended(c, 137)
	c.Waiting, c.Cause = nil, engine.CauseEvicted
	return c
}

// newestInspection is a seen of the newest inspection.
func newestInspection(m *model, c engine.Container) event {
	return seen{inspection: m.lastInspection, container: c}
}

// situation brings a model into a state by events alone.
type situation struct {
	name  string
	state State
	reach func(m *model)
}

func steps(events ...event) func(*model) {
	return func(m *model) {
		for _, e := range events {
			if s, is := e.(seen); is {
				s.inspection = m.lastInspection
				e = s
			}
			m.step(e)
		}
	}
}

var up = engineUp{engine.Info{Name: "Docker"}}

var situations = []situation{
	{"at first", Unknown, steps()},
	{"start wanted at first", Unknown, steps(command{start})},
	{"engine up", Unknown, steps(up)},
	{"first inspection", Unknown, steps(up, seen{container: runA})},
	{"paused at the first inspection", Paused, steps(up, seen{container: paused(runA)})},
	{"no engine", NoEngine, steps(engineDown{away})},
	{"absent", Absent, steps(up, seen{})},
	{"pulling", Pulling, steps(up, seen{}, command{start}, progressed{1, engine.Progress{Layers: 1}})},
	{"cancelled pull", Stopping, steps(up, seen{}, command{start}, progressed{1, engine.Progress{Layers: 1}}, command{stop})},
	{"stopped", Stopped, steps(up, seen{container: ended(runA, 0)})},
	{"being started", Starting, steps(up, seen{}, command{start})},
	{"starting", Starting, steps(up, seen{}, command{start}, done{op: 1, container: runA, known: true, started: true})},
	{"waiting for a GPU", Waiting, steps(up, seen{}, command{start}, done{op: 1, container: waits(engine.WaitingForGPU), known: true, started: true})},
	{"waiting, before this program", Waiting, steps(up, seen{container: waits(engine.WaitingForGPU)})},
	{"waiting for the image", Starting, steps(up, seen{}, command{start}, done{op: 1, container: waits(engine.WaitingForImage), known: true, started: true})},
	{"starting after a wait", Starting, steps(up, seen{}, command{start}, done{op: 1, container: waits(engine.WaitingForGPU), known: true, started: true}, seen{container: runA})},
	{"evicted", Failed, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, seen{container: lost(runA)})},
	{"starting, not by us", Starting, steps(up, seen{}, seen{container: runA})},
	{"ready", Ready, steps(up, seen{}, seen{container: runA}, answered{start: startOf(runA), url: urlA})},
	{"ready, sent a signal", Ready, steps(up, seen{}, seen{container: runA}, answered{start: startOf(runA), url: urlA}, killed{})},
	{"starting, sent a signal", Starting, steps(up, seen{}, seen{container: runA}, killed{})},
	{"another run after a signal", Starting, steps(up, seen{}, seen{container: runA}, killed{}, seen{container: runB})},
	{"a signal while it does not run", Stopped, steps(up, seen{container: ended(runA, 0)}, killed{})},
	{"silent", Unhealthy, steps(up, seen{}, seen{container: runA}, probeTimedOut{startOf(runA), mute})},
	{"paused", Paused, steps(up, seen{}, seen{container: runA}, answered{start: startOf(runA), url: urlA}, seen{container: paused(runA)})},
	{"stopping", Stopping, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, command{stop})},
	{"stopped for idleness", Stopped, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, idled{urlA}, command{stop}, done{op: 1, container: ended(runA, 0), known: true})},
	{"being updated", Starting, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, command{update})},
	{"being deleted", Stopping, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, command{remove})},
	{"cancelled delete", Stopping, steps(up, seen{}, command{remove}, abandoned{exclusive: true})},
	{"pulling to restore", Pulling, steps(up, seen{}, command{restore}, progressed{1, engine.Progress{Layers: 1}})},
	{"being restarted", Starting, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, command{restart})},
	{"failed", Failed, steps(up, seen{}, command{start}, done{op: 1, known: true, problem: oops})},
	{"died", Failed, steps(up, seen{container: runA}, answered{start: startOf(runA), url: urlA}, seen{container: ended(runA, 1)})},
}

// columns are the events, each made for the model it is given to.
var columns = []struct {
	name string
	make func(m *model) event
}{
	{"engine up", func(*model) event { return up }},
	{"engine down", func(*model) event { return engineDown{away} }},
	{"hint", func(*model) event { return hint{} }},
	{"killed", func(*model) event { return killed{} }},
	{"seen nothing", func(m *model) event { return newestInspection(m, engine.Container{Name: "r"}) }},
	{"seen the run", func(m *model) event { return newestInspection(m, runA) }},
	{"seen another run", func(m *model) event { return newestInspection(m, runB) }},
	{"seen it paused", func(m *model) event { return newestInspection(m, paused(runA)) }},
	{"seen it unhealthy", func(m *model) event { c := runA; c.Unhealthy = true; return newestInspection(m, c) }},
	{"seen it ended well", func(m *model) event { return newestInspection(m, ended(runA, 0)) }},
	{"seen it ended badly", func(m *model) event { return newestInspection(m, ended(runA, 1)) }},
	{"seen it wait", func(m *model) event { return newestInspection(m, waits(engine.WaitingForGPU)) }},
	{"seen it evicted", func(m *model) event { return newestInspection(m, lost(runA)) }},
	{"seen a wait evicted", func(m *model) event { return newestInspection(m, lost(waits(engine.WaitingForGPU))) }},
	{"seen a run over", func(m *model) event { return newestInspection(m, ended(runB, 1)) }},
	{"seen long ago", func(m *model) event { return seen{inspection: 0, container: ended(runA, 1)} }},
	{"inspection failed", func(m *model) event { return seen{inspection: m.lastInspection, failed: true} }},
	{"a newer image", func(*model) event { return newerImage{"sha256:new", true} }},
	{"an image to go back to", func(*model) event { return keptImage{true} }},
	{"other settings", func(*model) event { return reprofiled{} }},
	{"other kind of image", func(*model) event { return reprofiled{kind: true} }},
	{"start", func(*model) event { return command{start} }},
	{"stop", func(*model) event { return command{stop} }},
	{"restart", func(*model) event { return command{restart} }},
	{"repair", func(*model) event { return command{repair} }},
	{"update", func(*model) event { return command{update} }},
	{"revert", func(*model) event { return command{revert} }},
	{"start without GPU", func(*model) event { return command{startPlain} }},
	{"delete", func(*model) event { return command{remove} }},
	{"restore", func(*model) event { return command{restore} }},
	{"abandoned", func(*model) event { return abandoned{} }},
	{"job abandoned", func(*model) event { return abandoned{exclusive: true} }},
	{"progress", func(m *model) event { return progressed{1, engine.Progress{Layers: 2}} }},
	{"pulled", func(m *model) event { return pulled{1} }},
	{"done, running", func(*model) event { return done{op: 1, container: runA, known: true, started: true} }},
	{"done, ended", func(*model) event { return done{op: 1, container: ended(runA, 0), known: true} }},
	{"done with a problem", func(*model) event { return done{op: 1, known: true, problem: oops} }},
	{"done of another", func(*model) event { return done{op: 99, problem: oops} }},
	{"answer", func(*model) event { return answered{start: startOf(runA), url: urlB, changed: true} }},
	{"answer of another run", func(*model) event { return answered{start: startOf(runB), url: urlB, changed: true} }},
	{"server's directory", func(*model) event { return rootFound{startOf(runA), "/tf"} }},
	{"no answer yet", func(*model) event { return unanswered{startOf(runA)} }},
	{"idling", func(*model) event { return idling{urlA, time.Unix(500, 0)} }},
	{"idled", func(*model) event { return idled{urlA} }},
	{"the URL's port is taken", func(*model) event { return portTaken{oops} }},
	{"other ports are taken", func(*model) event { return portsTaken{[]*problem.Problem{oops}} }},
	{"the port is tried again", func(*model) event { return portRetried{} }},
	{"Colab asks", func(*model) event { return woken{} }},
	{"silence", func(*model) event { return probeTimedOut{startOf(runA), mute} }},
}

// TestModelTable goes through every pair of situation and event. The table in
// testdata was read cell by cell; a change of it is a change of behaviour.
func TestModelTable(t *testing.T) {
	var got strings.Builder
	for _, s := range situations {
		fmt.Fprintf(&got, "%s (%s)\n", s.name, s.state)
		for _, c := range columns {
			m := &model{}
			s.reach(m)
			if m.state() != s.state {
				t.Fatalf("situation %q is %s, not %s", s.name, m.state(), s.state)
			}
			effects := m.step(c.make(m))
			fmt.Fprintf(&got, "    %-22s %s\n", c.name, describe(m, effects))
		}
	}
	golden := filepath.Join("testdata", "model.txt")
	if *writeAnew {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	if len(gotLines) != len(wantLines) {
		t.Fatalf("the table has %d lines, not %d", len(gotLines), len(wantLines))
	}
	for i := range gotLines {
		if gotLines[i] != wantLines[i] {
			t.Errorf("line %d\n got %s\nwant %s", i+1, gotLines[i], wantLines[i])
		}
	}
}

// describe tells in one line what a person sees and what is done.
func describe(m *model, effects []effect) string {
	line := m.state().String()
	if p := m.shownProblem(); p != nil {
		line += " (" + string(p.Code) + ")"
	}
	for _, fx := range effects {
		switch fx := fx.(type) {
		case begin:
			line += " +begin " + fx.verb.String()
		default:
			line += " +" + strings.TrimPrefix(fmt.Sprintf("%T", fx), "runtime.")
		}
	}
	if !m.idleAt.IsZero() {
		line += " idle"
	}
	if m.stoppedIdle() {
		line += " for idleness"
	}
	if m.want != nothing {
		line += " ... wants " + m.want.String()
	}
	return line
}

func TestModelCoversEveryState(t *testing.T) {
	covered := map[State]bool{}
	for _, s := range situations {
		covered[s.state] = true
	}
	for _, s := range States() {
		if !covered[s] {
			t.Errorf("no situation is in state %s", s)
		}
	}
}

// TestStartBringsSettings: what was seen of a container before it was started, or of
// the one before it, does not make a new start look out of date.
func TestStartBringsSettings(t *testing.T) {
	m := &model{}
	m.step(engineUp{})
	m.step(seen{inspection: m.lastInspection, container: engine.Container{Exists: true, Name: "r", ID: "before"}, stale: true, misplaced: true})
	m.step(command{start})
	m.step(done{op: m.op, container: runA, known: true, started: true})
	if m.stale || m.misplaced {
		t.Errorf("its settings are old: %t, its volume is elsewhere: %t", m.stale, m.misplaced)
	}
}

// TestLostAnswer: that the engine did not answer a start is no failure any more once the
// engine was away and is back; what else failed still is.
func TestLostAnswer(t *testing.T) {
	for silence, want := range map[bool]State{true: Stopped, false: Failed} {
		m := &model{}
		m.step(up)
		m.step(newestInspection(m, ended(runA, 0)))
		m.step(command{start})
		m.step(done{op: m.op, container: ended(runA, 0), known: true, problem: away, silence: silence})
		m.step(newestInspection(m, ended(runA, 0)))
		if m.state() != Failed {
			t.Errorf("after the start it is %s", m.state())
		}
		m.step(engineDown{away})
		m.step(up)
		if m.step(newestInspection(m, ended(runA, 0))); m.state() != want {
			t.Errorf("unanswered %t: it is %s, not %s", silence, m.state(), want)
		}
	}
}

// TestStoppedUnseen: a run whose stop was asked for before the engine was away ends when it
// is back, and nothing is wrong.
func TestStoppedUnseen(t *testing.T) {
	for stopping, want := range map[bool]State{true: Stopped, false: Failed} {
		m := &model{}
		steps(up, seen{}, seen{container: runA})(m)
		c := ended(runA, 0)
		c.Stopping = stopping
		m.step(newestInspection(m, c))
		if got := m.state(); got != want {
			t.Errorf("asked to end: %t; it is %s", stopping, got)
		}
	}
}

// TestAbandonedAfterwards: who gives up waiting for a start ends the run that it began; an
// update that is done is kept, and what it runs goes on.
func TestAbandonedAfterwards(t *testing.T) {
	for verb, want := range map[verb]State{start: Stopping, restart: Stopping, update: Starting, revert: Starting} {
		m := &model{}
		m.step(up)
		m.step(newestInspection(m, ended(runA, 0)))
		m.step(command{verb})
		m.step(done{op: m.op, container: runB, known: true, started: true})
		m.step(newestInspection(m, runB))
		if m.step(abandoned{}); m.state() != want {
			t.Errorf("after a %s that is given up it is %s, not %s", verb, m.state(), want)
		}
	}
}

// FuzzModelInvariants takes random walks through the events, and holds what
// must be so at each of them.
func FuzzModelInvariants(f *testing.F) {
	f.Add([]byte{0, 5, 13, 20, 24, 10, 13})
	f.Add([]byte{0, 4, 13, 18, 14, 22, 13, 20, 24, 14, 21})
	f.Fuzz(func(t *testing.T, walk []byte) {
		m := &model{}
		for _, b := range walk {
			happens := []event{columns[int(b)%len(columns)].make(m)}
			if b%7 == 0 && m.op != 0 {
				happens = append(happens, done{op: m.op, container: runA, known: true, started: true})
			}
			for _, e := range happens {
				if problem, _ := wrong(m, e); problem != "" {
					t.Fatalf("at %T%+v: %s", e, e, problem)
				}
			}
		}
	})
}
