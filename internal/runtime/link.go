package runtime

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// How often an engine that does not answer is tried. A person's click tries at once.
const (
	soonest     = 250 * time.Millisecond // doubles each time ...
	latest      = 5 * time.Second        // ... up to this
	pingTimeout = 15 * time.Second
)

// Link is the one connection to an engine that all runtimes share: it finds
// out whether the engine answers, and follows its events in one stream.
type Link struct {
	engine Engine
	log    *slog.Logger
	kick   chan struct{}

	mu       sync.Mutex
	managers map[string]func(event)
}

// NewLink makes a link to the engine. Managers are made with it before Run.
func NewLink(e Engine, log *slog.Logger) *Link {
	return &Link{engine: e, log: log, kick: make(chan struct{}, 1), managers: map[string]func(event){}}
}

// Run keeps the connection until ctx ends.
func (l *Link) Run(ctx context.Context) {
	for delay := soonest; ctx.Err() == nil; {
		opened, err := l.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if opened {
			delay = soonest
			continue // the stream broke off: the engine may be there all the same
		}
		l.log.Debug("engine does not answer", "host", l.engine.Host(), "error", err)
		l.toAll(engineDown{engineProblem(l.engine.Host(), err)})
		select {
		case <-ctx.Done():
		case <-l.kick:
			delay = soonest
		case <-time.After(delay):
			delay = min(2*delay, latest)
		}
	}
}

// connect follows the events until the stream ends, and reports whether it was
// ever open. Runtimes are told that the engine is there only once it is: what
// they look at from then on, events keep up to date.
func (l *Link) connect(ctx context.Context) (opened bool, err error) {
	pinging, cancel := context.WithTimeout(ctx, pingTimeout)
	info, err := l.engine.Ping(pinging)
	cancel()
	if err != nil {
		return false, err
	}
	err = l.engine.Events(ctx, l.names(), func() {
		opened = true
		l.toAll(engineUp{info})
	}, l.dispatch)
	return opened, err
}

// dispatch hands an event of the engine to the runtime it is about.
func (l *Link) dispatch(e ContainerEvent) {
	l.mu.Lock()
	post := l.managers[e.Container]
	l.mu.Unlock()
	if post == nil {
		return
	}
	if strings.HasPrefix(e.Action, "kill") {
		post(killed{})
		return
	}
	post(hint{})
}

// reconnect tries the engine now.
func (l *Link) reconnect() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// add makes the link serve one more runtime.
func (l *Link) add(name string, post func(event)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.managers[name] = post
}

func (l *Link) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for name := range l.managers {
		names = append(names, name)
	}
	return names
}

func (l *Link) toAll(e event) {
	l.mu.Lock()
	var posts []func(event)
	for _, post := range l.managers {
		posts = append(posts, post)
	}
	l.mu.Unlock()
	for _, post := range posts {
		post(e)
	}
}
