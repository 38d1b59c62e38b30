package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// remaking is an engine that makes containers anew in their place, as a cluster does, and
// cannot replace them. Of the requests that change something, it carries out so many.
type remaking struct {
	engine.Engine
	remaker engine.Remaker
	broken  string // what fails, if anything

	mu       sync.Mutex
	requests int
	most     int           // no request is answered after so many; 0 for no limit
	last     bool          // the one after is carried out, though not answered
	age      time.Duration // of what was made anew
}

func newRemaking(e engine.Engine) *remaking {
	return &remaking{Engine: e, remaker: e.(engine.Remaker)}
}

// limit has the engine answer no more than so many requests.
func (e *remaking) limit(most int, last bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests, e.most, e.last = 0, most, last
}

// ages has what was made anew be so old.
func (e *remaking) ages(age time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.age = age
}

// reached reports whether the limit was.
func (e *remaking) reached() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.most != 0 && e.requests > e.most
}

// do carries out a request.
func (e *remaking) do(what string, request func() error) error {
	e.mu.Lock()
	e.requests++
	over, isNext := e.most != 0 && e.requests > e.most, e.requests == e.most+1
	carry := !over || isNext && e.last
	e.mu.Unlock()
	if e.broken == what {
		return errors.New("a test breaks " + what)
	}
	var err error
	if carry {
		err = request()
	}
	if over {
		err = engine.ErrUnreachable
	}
	return err
}

func (e *remaking) Inspect(ctx context.Context, name string) (engine.Container, error) {
	c, err := e.Engine.Inspect(ctx, name)
	e.mu.Lock()
	defer e.mu.Unlock()
	if !c.RemadeAt.IsZero() {
		c.RemadeAt = c.RemadeAt.Add(-e.age)
	}
	return c, err
}

func (e *remaking) Start(ctx context.Context, id string) error {
	return e.do("start", func() error { return e.Engine.Start(ctx, id) })
}

func (e *remaking) Stop(ctx context.Context, id string, grace time.Duration) error {
	return e.do("stop", func() error { return e.Engine.Stop(ctx, id, grace) })
}

func (e *remaking) CanMake(ctx context.Context, spec engine.Spec) error {
	return e.do("can make", func() error { return e.remaker.CanMake(ctx, spec) })
}

func (e *remaking) Remake(ctx context.Context, id string, spec engine.Spec) error {
	return e.do("remake", func() error { return e.remaker.Remake(ctx, id, spec) })
}

func (e *remaking) Unmake(ctx context.Context, id string) error {
	return e.do("unmake", func() error { return e.remaker.Unmake(ctx, id) })
}

func (e *remaking) Keep(ctx context.Context, id string) error {
	return e.do("keep", func() error { return e.remaker.Keep(ctx, id) })
}

// remakes makes a runtime on such an engine.
func remakes(t *testing.T) (*memoryRuntime, *remaking) {
	t.Helper()
	var e *remaking
	m := inMemory(t, func(in engine.Engine) engine.Engine {
		e = newRemaking(in)
		return e
	})
	return m, e
}

// set changes the memory of a runtime's profile, and waits until that is to be applied.
func (m *memoryRuntime) set(memory int64) {
	m.t.Helper()
	p := m.Profile()
	p.Memory = memory
	m.SetProfile(p)
	m.until(func(s runtime.Snapshot) bool { return s.RestartToApply })
}

// TestRemade: a restart applies other settings to the container in its place.
func TestRemade(t *testing.T) {
	t.Parallel()
	m, _ := remakes(t)
	if s := m.must(m.Start); !s.Engine.Features.Replace || s.Engine.Features.Update || s.RestartToApply {
		t.Errorf("it is %+v", s)
	}
	before := m.Container()
	for _, memory := range []int64{1 << 30, 2 << 30} {
		m.set(memory)
		s := m.must(m.Restart)
		if c := m.Container(); s.State != runtime.Ready || s.RestartToApply || s.Problem != nil || c.ID != before.ID || c.Effective.Memory != memory || !c.RemadeAt.IsZero() {
			t.Errorf("it is %+v, the container %+v", s, c)
		}
	}
}

// TestStateWhileRemade: what another program makes anew is starting, from then on until it
// runs, unless that was interrupted.
func TestStateWhileRemade(t *testing.T) {
	t.Parallel()
	m, e := remakes(t)
	m.must(m.Start)
	m.must(m.Stop)
	c := m.Container()
	told := func(what string, want runtime.State) {
		t.Helper()
		s, err := m.WithReplacement(t.Context(), runtime.Snapshot{State: runtime.Stopped})
		if err != nil || s.State != want || want == runtime.Starting && s.Since.IsZero() {
			t.Errorf("%s: it is %s since %v, %v", what, s.State, s.Since, err)
		}
	}
	told("stopped", runtime.Stopped)
	if err := e.Remake(t.Context(), c.ID, engine.Spec{Name: c.Name, Image: c.Image}); err != nil {
		t.Fatal(err)
	}
	told("made anew", runtime.Starting)
	e.ages(time.Hour)
	told("made anew an hour ago", runtime.Stopped)
	if err := e.Unmake(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	e.ages(0)
	told("taken back", runtime.Stopped)
}

// TestRemadeRolledBack: settings that do not work leave the runtime as it was, and those
// that the engine does not take leave it running.
func TestRemadeRolledBack(t *testing.T) {
	t.Parallel()
	m, e := remakes(t)
	m.must(m.Start)
	m.set(1 << 30)
	before := m.Container()
	restarts := func(broken string, image string) *problem.Problem {
		t.Helper()
		e.broken = broken
		p := m.Profile()
		p.Image = image
		m.SetProfile(p)
		var shown *problem.Problem
		if err := m.Restart(t.Context()); !errors.As(err, &shown) {
			t.Fatalf("the restart ended with %v", err)
		}
		s := m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Ready })
		if c := m.Container(); !s.RestartToApply || c.ID != before.ID || c.Effective.Memory != before.Effective.Memory || !c.RemadeAt.IsZero() {
			t.Errorf("without %q it is %+v, the container %+v", broken, s, c)
		}
		return shown
	}
	image := m.Profile().Image
	for _, broken := range []string{"can make", "remake"} {
		if p := restarts(broken, image); (p.Code == problem.RolledBack) != (broken == "remake") {
			t.Errorf("without %q: %+v", broken, p)
		}
		if ran := m.Container().StartedAt.Equal(before.StartedAt); ran != (broken == "can make") {
			t.Errorf("without %q, it goes on running: %t", broken, ran)
		}
	}
	silent, ends := "example/silent:1", memory.Jupyter()
	ends.Commands = map[string]func(*memory.Process) int{"sh": func(*memory.Process) int { return 3 }}
	m.engine.AddImage(silent, ends)
	if p := restarts("", silent); p.Code != problem.RolledBack {
		t.Errorf("of an image that ends at once: %+v", p)
	}
	p := m.Profile()
	p.Image = image
	m.SetProfile(p)
	if s := m.must(m.Restart); s.RestartToApply || m.Container().Effective.Memory != 1<<30 {
		t.Errorf("afterwards it is %+v", s)
	}
}

// TestRemadeWaits: a restart with other settings that has to wait is given up by a stop, and
// the container is that of before.
func TestRemadeWaits(t *testing.T) {
	t.Parallel()
	m, _ := remakes(t)
	m.must(m.Start)
	before := m.Container()
	m.set(1 << 30)
	if err := m.engine.SetScarce(noGPU); err != nil {
		t.Fatal(err)
	}
	restarted := make(chan error, 1)
	go func() { restarted <- m.Restart(t.Context()) }()
	m.until(waits)
	m.must(m.Stop)
	err := <-restarted
	s := m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Stopped })
	if c := m.Container(); err == nil || c.ID != before.ID || c.Effective.Memory != before.Effective.Memory || !c.RemadeAt.IsZero() || !s.RestartToApply {
		t.Errorf("the restart ended with %v; it is %+v, the container %+v", err, s, c)
	}
}

// TestRemadeWithoutGPU: a start without a GPU makes a container anew that does not run,
// and one that waits for a GPU.
func TestRemadeWithoutGPU(t *testing.T) {
	t.Parallel()
	m, _ := remakes(t)
	p := m.Profile()
	p.GPU = config.GPU{Count: 1}
	m.SetProfile(p)
	m.must(m.Start)
	m.must(m.Stop)
	hash := m.Container().Labels[engine.LabelSettings]
	s := m.must(m.StartWithoutGPU)
	if c := m.Container(); s.State != runtime.Ready || !c.RemadeAt.IsZero() || c.Labels[engine.LabelSettings] == hash || !s.RestartToApply {
		t.Errorf("it is %+v, the container %+v", s, c)
	}
	if m.must(m.Restart); m.Container().Labels[engine.LabelSettings] != hash {
		t.Error("a restart does not go back to the profile's GPU")
	}

	for what, begin := range map[string]func(context.Context) error{"start": m.Start, "restart": m.Restart} {
		if what == "restart" {
			m.set(1 << 30)
		} else {
			m.must(m.Stop)
		}
		if err := m.engine.SetScarce(noGPU); err != nil {
			t.Fatal(err)
		}
		go func() { _ = begin(t.Context()) }()
		if s := m.until(waits); len(s.Acts()) != 1 || s.Acts()[0].Name != problem.ActStartWithoutGPU {
			t.Errorf("while a %s waits, there are offered %v", what, s.Acts())
		}
		plain := make(chan error, 1)
		go func() { plain <- m.StartWithoutGPU(t.Context()) }()
		m.until(func(s runtime.Snapshot) bool {
			return waits(s) && m.Container().Labels[engine.LabelSettings] != hash
		})
		if err := m.engine.SetScarce(nil); err != nil {
			t.Fatal(err)
		}
		if err := <-plain; err != nil {
			t.Fatal(err)
		}
		m.must(m.Restart)
		hash = m.Container().Labels[engine.LabelSettings]
	}
}

// TestRemakeKilled: whenever the program ends while it makes a container anew, the next
// start has a runtime that works, of the old settings or the new ones.
func TestRemakeKilled(t *testing.T) {
	t.Parallel()
	for _, last := range []bool{false, true} {
		for most := 1; ; most++ {
			m, e := remakes(t)
			m.must(m.Start)
			made := m.Container()
			m.set(1 << 30)
			e.limit(most, last)
			_ = m.Restart(t.Context())
			if !e.reached() {
				break
			}
			m.end()
			next := openInMemory(t, m.engine, m.Profile(), func(e engine.Engine) engine.Engine { return newRemaking(e) })
			s := next.must(next.Start)
			if s.State != runtime.Ready {
				t.Errorf("after %d requests: %+v", most, s)
			}
			next.must(next.Restart)
			if c := next.Container(); !c.RemadeAt.IsZero() || c.ID != made.ID || c.Effective.Memory != 1<<30 {
				t.Errorf("after %d requests the container is %+v", most, c)
			}
			if most > 20 {
				t.Fatal(fmt.Sprint("it makes more than ", most, " requests"))
			}
		}
	}
}
