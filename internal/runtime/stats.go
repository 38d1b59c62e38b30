package runtime

import (
	"context"

	"colabtray/internal/engine"
)

// Stats returns a channel that gives what the runtime uses while its container
// runs, through stops and starts: the newest wins, and what the receiver was
// too slow for is left out. The engine measures only while somebody asks. The
// channel is closed when ctx ends or Run is over.
func (m *Manager) Stats(ctx context.Context) <-chan engine.Usage {
	c := make(chan engine.Usage, 1)
	go func() {
		defer close(c)
		meter, has := engine.As[engine.Meter](m.engine())
		if !has {
			return
		}
		for s := range m.Watch(ctx) {
			if !s.State.Runs() {
				continue
			}
			// It ends with the container; the next snapshot tells of another start.
			err := meter.Stats(ctx, m.runtime, func(u engine.Usage) {
				select {
				case <-c: // nobody took the one before
				default:
				}
				c <- u
			})
			if err != nil && ctx.Err() == nil {
				m.log.Debug("no statistics", "error", err)
			}
		}
	}()
	return c
}
