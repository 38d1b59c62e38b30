package runtime

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/engine"
)

// absent is an engine that does not answer until it is back.
type absent struct {
	engine.Engine
	back    chan struct{} // closed when it is
	appears chan struct{} // closed when its socket does
	opened  chan struct{}
	tries   int
}

func (a *absent) Which() engine.Info { return engine.Info{Name: "Docker"} }

func (a *absent) Connect(context.Context) (engine.Info, error) {
	select {
	case <-a.back:
		return engine.Info{Name: "Docker"}, nil
	default:
		a.tries++
		return engine.Info{}, engine.ErrUnreachable
	}
}

func (a *absent) Watch(ctx context.Context, _ []string, opened func(), _ func(engine.Event)) error {
	opened()
	close(a.opened)
	<-ctx.Done()
	return ctx.Err()
}

func (a *absent) Await(ctx context.Context) {
	select {
	case <-a.appears:
		a.appears = nil
	case <-ctx.Done():
	}
}

// TestRecovery: an engine that comes back is noticed soon, at once where its socket
// can be watched, and one that stays away for long is asked rarely. The log has one line
// of it.
func TestRecovery(t *testing.T) {
	for name, c := range map[string]struct {
		outage  time.Duration
		watched bool
		most    time.Duration // until it is noticed
		tries   int           // at most, meanwhile
	}{
		"a moment":           {100 * time.Millisecond, false, 250 * time.Millisecond, 1},
		"seconds":            {5 * time.Second, false, time.Second, 8},
		"a minute":           {time.Minute, false, time.Second, 64},
		"minutes":            {9 * time.Minute, false, time.Second, 560},
		"an hour":            {time.Hour, false, 5 * time.Second, 1300},
		"an hour, a socket":  {time.Hour, true, 0, 1300},
		"seconds, a socket":  {3 * time.Second, true, 0, 6},
		"a moment, a socket": {100 * time.Millisecond, true, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				e := &absent{back: make(chan struct{}), appears: make(chan struct{}), opened: make(chan struct{})}
				appears := e.appears
				log := new(bytes.Buffer)
				l := NewLink(e, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
				over := make(chan struct{})
				go func() {
					l.Run(ctx)
					close(over)
				}()
				time.Sleep(c.outage)
				synctest.Wait()
				tries := e.tries
				close(e.back)
				if c.watched {
					close(appears)
				}
				begin := time.Now()
				<-e.opened
				if took := time.Since(begin); took > c.most || tries > c.tries {
					t.Errorf("it was noticed after %v and %d tries", took, tries)
				}
				cancel()
				<-over
				if lines := strings.Count(log.String(), "\n"); lines != 1 {
					t.Errorf("the log has %d lines of one outage:\n%.500s", lines, log)
				}
			})
		})
	}
}
