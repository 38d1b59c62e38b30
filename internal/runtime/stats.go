package runtime

import (
	"context"

	"colabtray/internal/engine"
)

// Stats returns a channel that yields what the runtime uses, about once a second while
// its container runs, and continues after a stop and a start. A slow receiver gets
// only the newest value. The engine measures only while a receiver asks. The channel
// is closed when ctx ends or Run returns, and at once if the engine cannot measure.
func (m *Manager) Stats(ctx context.Context) <-chan engine.Usage {
	c := make(chan engine.Usage, 1)
	go func() {
		defer close(c)
		meter, canMeasure := engine.As[engine.Meter](m.engine())
		if !canMeasure {
			return
		}
		for s := range m.Watch(ctx) {
			if !s.State.Runs() || s.Waiting.For != "" {
				continue
			}
			// Stats ends with the run. The snapshot of the next run starts it again.
			err := meter.Stats(ctx, m.runtime, func(u engine.Usage) { sendNewest(c, u) })
			if err != nil && ctx.Err() == nil {
				m.log.Debug("no statistics", "error", err)
			}
		}
	}()
	return c
}
