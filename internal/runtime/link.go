package runtime

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"colabtray/internal/engine"
)

// Delays between attempts to reach an engine that does not answer. A request of a
// person ends the delay at once, and so does a socket that appears.
const (
	firstDelay  = 250 * time.Millisecond // doubles with each attempt ...
	shortDelay  = time.Second            // ... up to this,
	longDelay   = 5 * time.Second        // or up to this in an outage of longOutage and more
	longOutage  = 10 * time.Minute
	pingTimeout = 15 * time.Second
)

// backoff returns the delay before the next attempt, given the last delay and the
// duration of the outage.
func backoff(last, outage time.Duration) time.Duration {
	most := shortDelay
	if outage >= longOutage {
		most = longDelay
	}
	return min(max(2*last, firstDelay), most)
}

// Link is the connection to an engine that all its runtimes share. It finds out whether
// the engine answers, and follows the engine's events in one stream.
type Link struct {
	engine engine.Engine
	log    *slog.Logger
	kick   chan struct{}
	info   atomic.Pointer[engine.Info]
	lost   atomic.Pointer[time.Time] // see lostSince
	down   atomic.Bool               // the last attempt to reach the engine failed

	mu        sync.Mutex
	managers  map[string]*Manager // by the name of the container
	endStream context.CancelFunc  // ends the open stream; nil if there is none
}

// NewLink returns a link to the engine.
func NewLink(e engine.Engine, log *slog.Logger) *Link {
	l := &Link{engine: e, log: log, kick: make(chan struct{}, 1), managers: map[string]*Manager{}}
	var found engine.Info
	if finder, is := engine.As[engine.Finder](e); is {
		found = finder.Which()
	}
	l.setInfo(found)
	return l
}

// setInfo stores what is known of the engine, and adds its features. The command of a
// cluster has none of the words with which the docker command is told what to do.
func (l *Link) setInfo(info engine.Info) engine.Info {
	info.Features = engine.FeaturesOf(l.engine)
	if info.Features.Cluster {
		info.Command = ""
	}
	l.info.Store(&info)
	return info
}

// Info returns what is known of the engine: its last answer or, while it does not
// answer, where this program looks for it.
func (l *Link) Info() engine.Info { return *l.info.Load() }

// Run maintains the connection until ctx ends.
func (l *Link) Run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	if c, is := engine.As[engine.Connection](l.engine); is {
		watching.Go(func() { l.watchConnection(ctx, c) })
	}
	var delay time.Duration
	logged := "" // of this outage
	for lost := time.Now(); ctx.Err() == nil; {
		opened, err := l.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if opened {
			delay, lost, logged = 0, time.Now(), ""
			continue // the stream has ended, but the engine may still answer
		}
		if text := err.Error(); text != logged {
			l.log.Debug("engine does not answer", "host", l.Info().Host, "error", err)
			logged = text
		}
		l.answered(false)
		l.broadcast(engineDown{engine.ConnectProblem(l.Info(), err)})
		delay = backoff(delay, time.Since(lost))
		if l.await(ctx, delay) {
			delay = 0
		}
	}
}

// await waits for the delay. It returns true earlier if somebody asks for the engine,
// or if something changes where the engine's socket may appear.
func (l *Link) await(ctx context.Context, delay time.Duration) (early bool) {
	ctx, cancel := context.WithTimeout(ctx, delay)
	defer cancel()
	changed := make(chan struct{})
	go func() {
		defer close(changed)
		if f, is := engine.As[engine.Finder](l.engine); is {
			f.Await(ctx)
		} else {
			<-ctx.Done()
		}
	}()
	select {
	case <-l.kick:
		early = true
		cancel()
		<-changed
	case <-changed:
		early = ctx.Err() == nil
	}
	return early
}

// connect follows the engine's events until the stream ends, and reports whether the
// stream was ever open. Managers get engineUp only when the stream is open, so that
// they miss no event after their first inspection. A stream is limited to the names
// of the containers. When the set of runtimes changes, connect opens a new stream
// and sends engineUp again, because the events between the two streams are lost.
func (l *Link) connect(ctx context.Context) (opened bool, err error) {
	pinging, cancel := context.WithTimeout(ctx, pingTimeout)
	info, err := l.engine.Connect(pinging)
	cancel()
	info = l.setInfo(info)
	if err != nil {
		return false, err
	}
	for {
		streaming, end := context.WithCancel(ctx)
		err = l.engine.Watch(streaming, l.beginStream(end), func() {
			opened = true
			l.answered(true)
			l.broadcast(engineUp{info})
		}, l.dispatch)
		replaced := streaming.Err() != nil && ctx.Err() == nil
		l.beginStream(nil)
		end()
		if !replaced {
			return opened, err
		}
	}
}

// beginStream returns the names for a new stream, and stores the function that ends
// the stream. With nil it stores that no stream is open.
func (l *Link) beginStream(end context.CancelFunc) (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.endStream = end
	return slices.Sorted(maps.Keys(l.managers))
}

// dispatch passes an event of the engine to the manager of its container.
func (l *Link) dispatch(e engine.Event) {
	l.mu.Lock()
	m := l.managers[e.Container]
	l.mu.Unlock()
	if m == nil {
		return
	}
	if strings.HasPrefix(e.Action, "kill") {
		m.post(killed{})
		return
	}
	m.post(hint{})
}

// reconnect ends the delay before the next attempt to reach the engine.
func (l *Link) reconnect() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// retry is reconnect for a person, who may have done something about what failed.
func (l *Link) retry() {
	if c, is := engine.As[engine.Connection](l.engine); is {
		c.RetryConnection()
	}
	l.reconnect()
}

// change adds and removes managers. If Run is running, the added managers must run as
// well: they get engineUp or engineDown at once.
func (l *Link) change(join, leaving []*Manager) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range leaving {
		delete(l.managers, m.runtime)
	}
	for _, m := range join {
		l.managers[m.runtime] = m
	}
	if l.endStream != nil {
		l.endStream()
	} else {
		l.reconnect()
	}
}

func (l *Link) broadcast(e event) {
	l.mu.Lock()
	managers := slices.Collect(maps.Values(l.managers))
	l.mu.Unlock()
	for _, m := range managers {
		m.post(e)
	}
}
