package memory

import (
	"context"
	"slices"

	"colabtray/internal/engine"
)

// watcher is a stream of events.
type watcher struct {
	names  []string
	events chan engine.Event
}

// tell tells the streams what happened to a container. The engine is locked.
func (e *Engine) tell(c *container, action string) {
	for w := range e.watchers {
		if slices.Contains(w.names, c.name) {
			w.events <- engine.Event{Container: c.name, Action: action}
		}
	}
}

// Watch implements [runtime.Engine].
func (e *Engine) Watch(ctx context.Context, names []string, opened func(), event func(engine.Event)) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	// As long as nobody takes them, events wait outside of the engine's lock.
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

// queue hands on events until in is closed, and is always ready to take one.
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
