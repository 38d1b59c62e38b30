package runtime

import (
	"context"
	"log/slog"
	"sync"

	"colabtray/internal/engine"
)

// Links are the connections to the engines in use: one [Link] for each address that a
// profile names. The empty address is the engine of this computer.
type Links struct {
	open func(address string) engine.Engine
	log  *slog.Logger

	mu      sync.Mutex
	ctx     context.Context // of Run; nil before it
	links   map[string]*ownedLink
	running sync.WaitGroup
}

// ownedLink is a link, and how many runtimes use it.
type ownedLink struct {
	*Link
	users int
	end   context.CancelFunc // nil while the link does not run
	ended chan struct{}
}

// NewLinks returns no links yet. The function open makes the engine at an address.
func NewLinks(open func(address string) engine.Engine, log *slog.Logger) *Links {
	return &Links{open: open, log: log, links: map[string]*ownedLink{}}
}

// Use returns the link to the engine at an address, which stays until each Use of it
// has been answered by Release.
func (ls *Links) Use(address string) *Link {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.links[address]
	if l == nil {
		l = &ownedLink{Link: NewLink(ls.open(address), ls.log), ended: make(chan struct{})}
		ls.links[address] = l
		if ls.ctx != nil {
			ls.start(l)
		}
	}
	l.users++
	return l.Link
}

// Release ends a Use of the link to the engine at an address. The last one closes the
// engine.
func (ls *Links) Release(address string) {
	ls.mu.Lock()
	l := ls.links[address]
	l.users--
	last := l.users == 0
	if last {
		delete(ls.links, address)
	}
	ls.mu.Unlock()
	if last {
		l.close()
	}
}

// start runs a link. The caller holds the lock.
func (ls *Links) start(l *ownedLink) {
	ctx, end := context.WithCancel(ls.ctx)
	l.end = end
	ls.running.Go(func() {
		defer close(l.ended)
		l.Run(ctx)
	})
}

func (l *ownedLink) close() {
	if l.end != nil {
		l.end()
		<-l.ended
	}
	if err := l.engine.Close(); err != nil {
		l.log.Debug("closing the engine", "host", l.Info().Host, "error", err)
	}
}

// Run maintains the connections until ctx ends.
func (ls *Links) Run(ctx context.Context) {
	ls.mu.Lock()
	ls.ctx = ctx
	for _, l := range ls.links {
		ls.start(l)
	}
	ls.mu.Unlock()
	<-ctx.Done()
	ls.running.Wait()
}

// Close closes the engines that are still in use, when their runtimes have ended.
func (ls *Links) Close() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for address, l := range ls.links {
		delete(ls.links, address)
		l.close()
	}
}
