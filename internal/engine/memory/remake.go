package memory

import (
	"context"
	"fmt"
	"time"

	"colabtray/internal/engine"
)

// CanMake implements [engine.Remaker].
func (e *Engine) CanMake(ctx context.Context, spec engine.Spec) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	_, err := e.makes(spec)
	return err
}

// Remake implements [engine.Remaker].
func (e *Engine) Remake(ctx context.Context, id string, spec engine.Spec) error {
	if _, err := e.EnsureVolume(ctx, spec); err != nil {
		return err
	}
	c, err := e.resting(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	if c.reserve != nil {
		return fmt.Errorf("%w: %s has something in reserve", engine.ErrConflict, c.name)
	}
	next, err := e.makes(spec)
	if err != nil {
		return err
	}
	e.mount(next)
	next.id, next.name, next.made, next.reserve, next.remade = c.id, c.name, c.made, c, now()
	e.containers[c.id] = next
	e.notify(next, "update")
	return nil
}

// Unmake implements [engine.Remaker].
func (e *Engine) Unmake(ctx context.Context, id string) error {
	c, err := e.resting(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	if c.reserve != nil {
		e.containers[c.id] = c.reserve
		e.notify(c, "update")
	}
	return nil
}

// Keep implements [engine.Remaker].
func (e *Engine) Keep(ctx context.Context, id string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	c.reserve, c.remade = nil, time.Time{}
	e.notify(c, "update")
	return nil
}

// resting is find for a container that has to be one that does not run.
func (e *Engine) resting(ctx context.Context, id string) (*container, error) {
	c, err := e.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.process != nil || c.waiting != nil {
		e.mu.Unlock()
		return nil, fmt.Errorf("%w: %s runs", engine.ErrConflict, c.name)
	}
	return c, nil
}
