package guide

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Limits of the connections that have not made a valid request yet. Those of the
// person's own programs include connections that any page in the browser makes.
const (
	maxPending       = 64 // of the person's own programs
	maxPendingOthers = 8  // of others and of unknown owners
)

// connection is a connection, and whether it is known to be the person's own.
type connection struct {
	net.Conn
	ownUser bool
}

// ownUserListener determines for each connection whether it is the person's own.
type ownUserListener struct{ net.Listener }

func (l ownUserListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return connection{c, isOwnUser(c)}, nil
}

type connectionKey struct{}

func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

func connectionOf(r *http.Request) connection {
	c, _ := r.Context().Value(connectionKey{}).(connection)
	return c
}

// pending holds the connections without a valid request so far. Where there are too
// many, a new one replaces the oldest: a browser with a key or the secret makes its
// request at once, and so does not stay here.
type pending struct {
	limit int

	mu      sync.Mutex
	waiting []net.Conn // oldest first
}

func (p *pending) add(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == p.limit {
		_ = p.waiting[0].Close()
		p.waiting = p.waiting[1:]
	}
	p.waiting = append(p.waiting, c)
}

func (p *pending) remove(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(other net.Conn) bool { return other == c })
}

// pendingOf returns the pending connections that a connection belongs to. Other users
// have a list of their own, so that they cannot displace the person's connections.
func (s *session) pendingOf(c net.Conn) *pending {
	if c, ok := c.(connection); ok && c.ownUser {
		return &s.pendingOwn
	}
	return &s.pendingOthers
}

// follow is the [http.Server.ConnState] callback.
func (s *session) follow(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.pendingOf(c).add(c)
	case http.StateClosed, http.StateHijacked:
		s.pendingOf(c).remove(c)
	}
}
