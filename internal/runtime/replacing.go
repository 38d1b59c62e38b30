package runtime

import (
	"context"
	"maps"
	"slices"
	"time"

	"colabtray/internal/engine"
)

// replacementTime is how long a replacement of the container can go on without the new
// one running. An older one was interrupted, and the next start recovers from it.
const replacementTime = 5 * time.Minute

// WithReplacement returns a snapshot that knows of another program that is replacing the
// container (see replace.go): in between there is no container of the name, or one
// that does not run, but the runtime is starting.
func (m *Manager) WithReplacement(ctx context.Context, s Snapshot) (Snapshot, error) {
	if s.State != Absent && s.State != Stopped && s.State != Failed {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	replacer, has := engine.As[engine.Replacer](m.engine())
	if !has {
		return m.withRemake(ctx, s)
	}
	ids, err := replacer.Named(ctx, m.runtime)
	if err != nil {
		return s, engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	next := ids[m.runtime+engine.NextSuffix]
	if next == "" && ids[m.runtime+engine.PreviousSuffix] != "" {
		next = m.runtime
	}
	if next == "" {
		return s, nil
	}
	c, err := m.engine().Inspect(ctx, next)
	if err != nil {
		return s, engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	if !c.Exists || time.Since(c.MadeAt) > replacementTime {
		return s, nil
	}
	s.State, s.Since, s.Problem = Starting, c.MadeAt, nil
	return s, nil
}

// withRemake is WithReplacement on an engine that makes containers anew in their place (see
// remake.go).
func (m *Manager) withRemake(ctx context.Context, s Snapshot) (Snapshot, error) {
	if _, has := engine.As[engine.Remaker](m.engine()); !has {
		return s, nil
	}
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil {
		return s, engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	if c.RemadeAt.IsZero() || c.Running || time.Since(c.RemadeAt) > replacementTime {
		return s, nil
	}
	s.State, s.Since, s.Problem = Starting, c.RemadeAt, nil
	return s, nil
}

// WithReplacements is [Manager.WithReplacement] for snapshots of the fleet.
func (f *Fleet) WithReplacements(ctx context.Context, all []Snapshot) ([]Snapshot, error) {
	entries := map[ID]*entry{}
	f.apply(func(context.Context) { entries = maps.Clone(f.entries) })
	told := slices.Clone(all)
	for i, s := range all {
		e := entries[s.ID()]
		if e == nil {
			continue // its profile has gone meanwhile
		}
		var err error
		if told[i], err = e.WithReplacement(ctx, s); err != nil {
			return nil, err
		}
	}
	return told, nil
}
