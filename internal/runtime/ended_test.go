package runtime

import (
	"context"
	"errors"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// TestUndoAfterContextEnds ends the context when the engine has made the container,
// and nobody hears of that.
func TestUndoAfterContextEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		there   []engine.Container
		operate func(context.Context, *operation) error
		want    string
	}{
		"a first container": {operate: func(ctx context.Context, o *operation) error { return o.startNew(ctx) }, want: ""},
		"another one": {
			there: []engine.Container{asOurs(engine.Container{ID: "old"}, "r")},
			operate: func(ctx context.Context, o *operation) error {
				return (&replacement{operation: o}).makeNext(ctx, engine.Container{})
			},
			want: "r-data r=old",
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		s := newShelf(c.there...)
		s.afterCreate = func() error {
			cancel()
			return ctx.Err()
		}
		err := c.operate(ctx, s.on())
		if got := s.has(); !errors.Is(err, context.Canceled) || got != c.want {
			t.Errorf("%s: there is %q, want %q (%v)", name, got, c.want, err)
		}
	}
}

// TestConcludeAfterContextEnds: once the new container has the name of the old one,
// one of them goes, also when nobody waits any more.
func TestConcludeAfterContextEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failed error
		ran    bool
		want   string
	}{
		"the new one is ready":              {want: "r=new+"},
		"it is not ready, the old one ran":  {failed: context.Canceled, ran: true, want: "r=old+"},
		"it is not ready, the old one rest": {failed: context.Canceled, want: "r=old"},
	} {
		old, next := asOurs(engine.Container{ID: "old"}, "r"), asOurs(engine.Container{ID: "new", Running: true}, "r")
		old.Name = "r" + engine.PreviousSuffix
		s := newShelf(old, next)
		o := s.on()
		o.rescued = []string{"old", "new"}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := o.commitOrRollback(ctx, c.failed, "old", c.ran, "it failed")
		var p *problem.Problem
		if errors.As(err, &p) != (c.failed != nil) || p != nil && p.Code != problem.RolledBack {
			t.Errorf("%s: it returned %v", name, err)
		}
		if got := s.has(); got != c.want || o.started != (c.failed == nil || c.ran) {
			t.Errorf("%s: there is %q, want %q; started is %v", name, got, c.want, o.started)
		}
	}
}
