package runtime

import (
	"context"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/test/testenv"
)

// aged is an engine whose containers were made long ago.
type aged struct{ *memory.Engine }

func (a aged) Inspect(ctx context.Context, name string) (engine.Container, error) {
	c, err := a.Engine.Inspect(ctx, name)
	c.MadeAt = c.MadeAt.Add(-time.Hour)
	return c, err
}

// TestStateWhileReplaced does what another program does that replaces the container,
// step by step.
func TestStateWhileReplaced(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		r := newRig(t, inMemory(t), testenv.Server2)
		if interrupted {
			r.memory.as = aged{r.memory.Engine}
		}
		r.Open()
		r.mustStart()
		name := r.profile.Runtime
		old, next := r.id(), ""
		for _, step := range []struct {
			what       string
			do         func() error
			seen, told State
		}{
			{"stopped by somebody", func() error { return r.memory.Stop(t.Context(), old, 0) }, Stopped, Stopped},
			{"with the next one made", func() error {
				spec := specOf(r.profile, r.server, engine.Info{})
				spec.Name += engine.NextSuffix
				made, err := r.memory.Create(t.Context(), spec)
				next = made.ID
				return err
			}, Stopped, Starting},
			{"without the old one", func() error { return r.memory.Rename(t.Context(), old, name+engine.PreviousSuffix) }, Absent, Starting},
			{"with the new one", func() error { return r.memory.Rename(t.Context(), next, name) }, Stopped, Starting},
			{"after it", func() error { return r.memory.Remove(t.Context(), old) }, Stopped, Stopped},
		} {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			want := step.told
			if interrupted {
				want = step.seen
			}
			s, err := r.WithReplacement(t.Context(), Snapshot{State: step.seen})
			if err != nil || s.State != want || want == Starting && s.Since.IsZero() {
				t.Errorf("%s, interrupted: %t: %s since %v, %v; want %s", step.what, interrupted, s.State, s.Since, err, want)
			}
		}
	}
}

// TestStatesWhileReplaced: of several runtimes, those that another program is replacing
// are starting.
func TestStatesWhileReplaced(t *testing.T) {
	at := inMemory(t)
	one, two, three := profileOf(t, at, "one", testenv.Server2), profileOf(t, at, "two", testenv.Server2), profileOf(t, at, "three", testenv.Server2)
	f := openFleet(t, at, byName(one, two, three), "two")
	for _, p := range []config.Profile{one, two} {
		f.mustStart(p.Name)
		if err := f.Stop(t.Context(), p.Name); err != nil {
			t.Fatal(err)
		}
		f.untilState(p.Name, Stopped)
	}
	for _, suffix := range []string{engine.NextSuffix, engine.PreviousSuffix} {
		spec := specOf(one, f.options.Server, engine.Info{})
		spec.Name += suffix
		if suffix == engine.PreviousSuffix {
			if err := at.memory.Rename(t.Context(), one.Runtime, spec.Name); err != nil {
				t.Fatal(err)
			}
		} else if _, err := at.memory.Create(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		told, err := f.WithReplacements(t.Context(), f.Overview().Runtimes)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]State{"one": Starting, "two": Stopped, "three": Absent}
		for _, s := range told {
			if s.State != want[s.Profile] {
				t.Errorf("with %s, %s is %s, want %s", spec.Name, s.Profile, s.State, want[s.Profile])
			}
		}
	}
}
