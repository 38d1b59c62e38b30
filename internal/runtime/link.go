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

// How often an engine that does not answer is tried. A person's click tries at
// once, and so does a socket that appears.
const (
	soonest     = 250 * time.Millisecond // doubles each time ...
	soon        = time.Second            // ... up to this while the outage is young,
	latest      = 5 * time.Second        // and then to this
	longOutage  = 10 * time.Minute
	pingTimeout = 15 * time.Second
)

// pause is how long to wait before the engine is tried again, after the time that
// was waited before.
func pause(before, outage time.Duration) time.Duration {
	most := soon
	if outage >= longOutage {
		most = latest
	}
	return min(max(2*before, soonest), most)
}

// Link is the one connection to an engine that all runtimes share: it finds
// out whether the engine answers, and follows its events in one stream.
type Link struct {
	engine engine.Engine
	log    *slog.Logger
	kick   chan struct{}
	info   atomic.Pointer[engine.Info]

	mu       sync.Mutex
	managers map[string]*Manager // by the name of the container
	outdated context.CancelFunc  // ends the stream that is open; nil while there is none
}

// NewLink makes a link to the engine.
func NewLink(e engine.Engine, log *slog.Logger) *Link {
	l := &Link{engine: e, log: log, kick: make(chan struct{}, 1), managers: map[string]*Manager{}}
	var guess engine.Info
	if f, is := engine.As[engine.Finder](e); is {
		guess = f.Which()
	}
	l.note(guess)
	return l
}

// note keeps what is known of the engine.
func (l *Link) note(info engine.Info) engine.Info {
	info.Features = engine.FeaturesOf(l.engine)
	l.info.Store(&info)
	return info
}

// Info tells what is known of the engine: what it said when it answered last or,
// while it does not answer, where it is looked for.
func (l *Link) Info() engine.Info { return *l.info.Load() }

// Run keeps the connection until ctx ends.
func (l *Link) Run(ctx context.Context) {
	var delay time.Duration
	for lost := time.Now(); ctx.Err() == nil; {
		opened, err := l.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if opened {
			delay, lost = 0, time.Now()
			continue // the stream broke off: the engine may be there all the same
		}
		l.log.Debug("engine does not answer", "host", l.Info().Host, "error", err)
		l.broadcast(engineDown{engine.ConnectProblem(l.Info(), err)})
		delay = pause(delay, time.Since(lost))
		if l.await(ctx, delay) {
			delay = 0
		}
	}
}

// await waits for that long, or until somebody asks for the engine or something
// changed where it may be, which it reports.
func (l *Link) await(ctx context.Context, long time.Duration) (early bool) {
	ctx, cancel := context.WithTimeout(ctx, long)
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

// connect follows the events until the stream breaks off, and reports whether
// it was ever open. Runtimes are told that the engine is there only once it is:
// what they look at from then on, events keep up to date. A stream is for
// certain names. When runtimes come and go another one takes its place, and
// everybody is told again, for what happened between the two went unheard.
func (l *Link) connect(ctx context.Context) (opened bool, err error) {
	pinging, cancel := context.WithTimeout(ctx, pingTimeout)
	info, err := l.engine.Connect(pinging)
	cancel()
	info = l.note(info)
	if err != nil {
		return false, err
	}
	for {
		streaming, end := context.WithCancel(ctx)
		err = l.engine.Watch(streaming, l.follow(end), func() {
			opened = true
			l.broadcast(engineUp{info})
		}, l.dispatch)
		replaced := streaming.Err() != nil && ctx.Err() == nil
		l.follow(nil)
		end()
		if !replaced {
			return opened, err
		}
	}
}

// follow notes how to end the stream for the names that it returns; nil is for
// no stream.
func (l *Link) follow(end context.CancelFunc) (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outdated = end
	return slices.Sorted(maps.Keys(l.managers))
}

// dispatch hands an event of the engine to the runtime it is about.
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

// reconnect tries the engine now.
func (l *Link) reconnect() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// change makes the link serve the runtimes that join, and no longer those that
// leave. Once Run is under way, those that join have to run: they are told at
// once whether the engine is there.
func (l *Link) change(join, leaving []*Manager) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range leaving {
		delete(l.managers, m.runtime)
	}
	for _, m := range join {
		l.managers[m.runtime] = m
	}
	if l.outdated != nil {
		l.outdated()
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
