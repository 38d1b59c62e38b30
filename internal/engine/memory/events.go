package memory

import (
	"context"
	"slices"

	"colabtray/internal/engine"
)

// watcher receives the events of one Watch.
type watcher struct {
	names  []string
	events chan engine.Event
}

// notify sends an event about a container to all watchers. The engine must be locked.
func (e *Engine) notify(c *container, action string) {
	for w := range e.watchers {
		if slices.Contains(w.names, c.name) {
			w.events <- engine.Event{Container: c.name, Action: action}
		}
	}
}

// Watch implements [engine.Engine].
func (e *Engine) Watch(ctx context.Context, names []string, opened func(), event func(engine.Event)) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	// The queue takes events at once, so that a slow receiver does not block the
	// engine's lock.
	in, down := make(chan engine.Event), e.connected
	w := &watcher{names, in}
	e.watchers[w] = struct{}{}
	e.mu.Unlock()
	out, over := make(chan engine.Event), make(chan struct{})
	go queue(in, out, over)
	defer func() {
		e.mu.Lock()
		delete(e.watchers, w)
		e.mu.Unlock()
		close(in)
		<-over
	}()
	opened()
	for {
		select {
		case ev := <-out:
			event(ev)
		case <-down:
			return engine.ErrUnreachable
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// queue passes on events until in is closed. It always receives at once.
func queue(in <-chan engine.Event, out chan<- engine.Event, over chan<- struct{}) {
	defer close(over)
	var waiting []engine.Event
	for {
		if len(waiting) == 0 {
			ev, open := <-in
			if !open {
				return
			}
			waiting = append(waiting, ev)
		}
		select {
		case ev, open := <-in:
			if !open {
				return
			}
			waiting = append(waiting, ev)
		case out <- waiting[0]:
			waiting = waiting[1:]
		}
	}
}
