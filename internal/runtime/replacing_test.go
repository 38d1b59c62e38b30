package runtime

import (
	"context"
	"testing"
	"time"

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
