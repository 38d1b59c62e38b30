package guide

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
)

// How many connections may wait until it is known that they are of the page:
// the person's own, with those that any page in their browser makes, and those
// of who is not known to be the person.
const (
	maxPending       = 64
	maxPendingOthers = 8
)

// connection is a connection, and whether it is known to be the person's own.
type connection struct {
	net.Conn
	ownUser bool
}

// ownUserListener notes of each connection whether it is the person's own.
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

// pending holds the connections that wait. Whoever comes to a full one takes the
// place of who has waited longest: a browser that is let in has not to wait.
type pending struct {
	limit int

	mu      sync.Mutex
	waiting []net.Conn // in the order in which they came
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

// pendingOf is where a connection waits. People who are not let in anyway have one
// of their own, so that they keep nobody out.
func (v *session) pendingOf(c net.Conn) *pending {
	if c, is := c.(connection); is && c.ownUser {
		return &v.pendingOwn
	}
	return &v.pendingOthers
}

// follow is told what becomes of a connection.
func (v *session) follow(c net.Conn, is http.ConnState) {
	switch is {
	case http.StateNew:
		v.pendingOf(c).add(c)
	case http.StateClosed, http.StateHijacked:
		v.pendingOf(c).remove(c)
	}
}
