package memory

import (
	"context"

	"colabtray/internal/engine"
)

// SetScarce makes each start from now on wait for something, as a cluster's may. With
// nil, starts wait no longer, and all that wait are begun.
func (e *Engine) SetScarce(what *engine.Waiting) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.scarce = what; what != nil {
		return nil
	}
	for _, c := range e.containers {
		if c.waiting == nil {
			continue
		}
		if err := e.begin(c); err != nil {
			return err
		}
	}
	return nil
}

// wait has a container wait that was started. The run counts from its process on.
func (e *Engine) wait(c *container) {
	waiting := *e.scarce
	waiting.Since = now()
	c.started, c.waiting, c.over, c.cause, c.said = waiting.Since, &waiting, make(chan struct{}), "", ""
	e.notify(c, "wait")
}

// giveUp ends the wait of a container.
func (e *Engine) giveUp(c *container, cause engine.Cause, said string) {
	c.waiting, c.exitCode, c.ended, c.cause, c.said = nil, 137, now(), cause, said
	close(c.over)
	e.notify(c, "die")
}

// End ends a container's run or wait at once for a cause of the engine's own.
func (e *Engine) End(ctx context.Context, id string, cause engine.Cause, said string) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	over := c.over
	if c.waiting != nil {
		e.giveUp(c, cause, said)
	} else if c.process != nil {
		c.cause, c.said = cause, said
		c.kill()
	}
	e.mu.Unlock()
	if over == nil {
		return nil
	}
	return wait(ctx, over)
}
