package runtime

import (
	"cmp"
	"context"
	"errors"

	"colabtray/internal/problem"
)

// A job is what a verb stands for that comes with a person's choices: to delete
// this and keep that, to restore this file.
type exclusive struct {
	run func(ctx context.Context, o *operation) error

	// Written before the operation reports that it is done, and read by who
	// asked, after that.
	begun   bool
	problem *problem.Problem
	err     error
}

// end notes how it ended.
func (j *exclusive) end(p *problem.Problem, err error) { j.begun, j.problem, j.err = true, p, err }

// runExclusive asks for a job, one at a time, and waits for its end. When ctx ends first
// the job is cancelled, and its own error tells whether that came too late.
func (m *Manager) runExclusive(ctx context.Context, v verb, run func(context.Context, *operation) error) error {
	select {
	case m.exclusiveSlot <- struct{}{}:
		defer func() { <-m.exclusiveSlot }()
	case <-ctx.Done():
		return ctx.Err()
	}
	j := &exclusive{run: run}
	err := m.wait(ctx, &request{verb: v, exclusive: j, reply: make(chan *problem.Problem, 1)})
	var p *problem.Problem
	switch {
	case errors.As(j.err, &p):
		return p
	case j.begun && j.problem != nil:
		return j.problem
	case j.begun && j.err != nil && ctx.Err() != nil:
		return ctx.Err()
	case j.begun:
		return j.err
	case err != nil:
		return err
	}
	if s := m.Snapshot(); s.State == NoEngine {
		return asError(s.Problem)
	}
	return supersededProblem()
}

// reachable waits until it is known which engine there is; a problem tells that
// there is none.
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
