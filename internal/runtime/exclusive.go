package runtime

import (
	"cmp"
	"context"
	"errors"

	"colabtray/internal/problem"
)

// exclusive is the work of an exclusive verb. It is a function, because the work
// depends on a person's choices, such as which file to restore.
type exclusive struct {
	run func(ctx context.Context, o *operation) error

	// The result. The operation sets it before it posts done, and runExclusive reads
	// it after that.
	begun   bool
	problem *problem.Problem
	err     error
}

// end stores the result.
func (x *exclusive) end(p *problem.Problem, err error) { x.begun, x.problem, x.err = true, p, err }

// runExclusive asks for an exclusive operation and waits for its end. It runs one at a
// time. If ctx ends first, it cancels the operation; the operation's own error
// tells whether the cancel came too late.
func (m *Manager) runExclusive(ctx context.Context, v verb, run func(context.Context, *operation) error) error {
	select {
	case m.exclusiveSlot <- struct{}{}:
		defer func() { <-m.exclusiveSlot }()
	case <-ctx.Done():
		return ctx.Err()
	}
	x := &exclusive{run: run}
	err := m.wait(ctx, &request{verb: v, exclusive: x, reply: make(chan *problem.Problem, 1)})
	var p *problem.Problem
	switch {
	case errors.As(x.err, &p):
		return p
	case x.begun && x.problem != nil:
		return x.problem
	case x.begun && x.err != nil && ctx.Err() != nil:
		return ctx.Err()
	case x.begun:
		return x.err
	case err != nil:
		return err
	}
	if s := m.Snapshot(); s.State == NoEngine {
		return asError(s.Problem)
	}
	return supersededProblem()
}

// reachable waits until the engine answers. It returns a problem if no engine
// answers.
func (m *Manager) reachable(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for s := range m.Watch(ctx) {
		switch s.State {
		case Unknown:
		case NoEngine:
			return asError(s.Problem)
		default:
			return nil
		}
	}
	return cmp.Or(ctx.Err(), context.Canceled)
}
