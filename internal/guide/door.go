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
	maxWaiting   = 64
	maxStrangers = 8
)

// caller is a connection, and whether it is known to be the person's own.
type caller struct {
	net.Conn
	own bool
}

// doorman looks at who comes.
type doorman struct{ net.Listener }

func (d doorman) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return caller{c, own(c)}, nil
}

type callerKey struct{}

func withCaller(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

func callerOf(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	return c
}

// hall holds the connections that wait. Whoever comes to a full one takes the
// place of who has waited longest: a browser that is let in has not to wait.
type hall struct {
	most int

	mu      sync.Mutex
	waiting []net.Conn // in the order in which they came
}

func (h *hall) enter(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) == h.most {
		_ = h.waiting[0].Close()
		h.waiting = h.waiting[1:]
	}
	h.waiting = append(h.waiting, c)
}

func (h *hall) leave(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting = slices.DeleteFunc(h.waiting, func(other net.Conn) bool { return other == c })
}

// hallOf is where a connection waits. People who are not let in anyway have one
// of their own, so that they keep nobody out.
func (v *visit) hallOf(c net.Conn) *hall {
	if c, is := c.(caller); is && c.own {
		return &v.waiting
	}
	return &v.strangers
}

// follow is told what becomes of a connection.
func (v *visit) follow(c net.Conn, is http.ConnState) {
	switch is {
	case http.StateNew:
		v.hallOf(c).enter(c)
	case http.StateClosed, http.StateHijacked:
		v.hallOf(c).leave(c)
	}
}
