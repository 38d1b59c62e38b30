package guide

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Limits for clients.
const (
	headTime   = 10 * time.Second // to send the head of a request
	writeTime  = 10 * time.Second // to read what was written
	keepTime   = 30 * time.Second // for a connection without requests
	maxHead    = 16 << 10         // size of the head of a request, in bytes
	maxKeys    = 16
	maxTickets = 16
	maxStreams = 16
)

// secretHash is the hash of a secret. The time that it takes to compare hashes tells
// nothing about the secrets.
type secretHash [sha256.Size]byte

func hashOf(secret string) secretHash { return sha256.Sum256([]byte(secret)) }

// session is one period in which the guide listens: from the first address that is
// asked for until nobody looks at the page any more.
type session struct {
	guide  *Guide
	host   string // 127.0.0.1:PORT, the Host of every request
	origin string
	secret string // what the page has, and sends with each request
	server *http.Server
	base   context.Context // ends with the session
	close  func()
	ended  chan struct{}

	pendingOwn, pendingOthers pending

	mu      sync.Mutex
	keys    []secretHash
	tickets []secretHash
	active  int // requests under way
	streams int
	closing bool
	idle    *time.Timer
	last    time.Time // when the last request ended or an address was asked for
	work    sync.WaitGroup
}

// listen starts a session on a random port.
func (g *Guide) listen(ctx context.Context) (*session, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	base, cancel := context.WithCancel(context.Background())
	s := &session{
		guide:  g,
		host:   listener.Addr().String(),
		origin: "http://" + listener.Addr().String(),
		secret: secret(),
		base:   base,
		ended:  make(chan struct{}),

		pendingOwn:    pending{limit: maxPending},
		pendingOthers: pending{limit: maxPendingOthers},
	}
	s.server = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: headTime,
		IdleTimeout:       keepTime,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          slog.NewLogLogger(g.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       withConnection,
		ConnState:         s.follow,
	}
	// cancel ends the requests that wait for the engine or for changes.
	s.close = sync.OnceFunc(func() {
		s.mu.Lock()
		s.closing = true
		s.idle.Stop()
		s.mu.Unlock()
		cancel()
		_ = s.server.Close()
	})
	s.idle = time.AfterFunc(g.Idle, s.expireIfIdle)
	go func() {
		defer close(s.ended)
		if err := s.server.Serve(ownUserListener{listener}); !errors.Is(err, http.ErrServerClosed) {
			g.Log.Warn("guide", "error", err)
		}
		s.close()
		s.work.Wait()
		g.forget(s)
	}()
	return s, nil
}

// expireIfIdle ends the session, unless a request or an address was asked for while
// the timer fired.
func (s *session) expireIfIdle() {
	s.mu.Lock()
	unused := time.Since(s.last)
	idle := s.active == 0
	switch {
	case idle && unused >= s.guide.Idle:
		s.closing = true
	case idle:
		s.idle.Reset(s.guide.Idle - unused)
		idle = false
	}
	s.mu.Unlock()
	if idle {
		s.close()
	}
}

// begin counts a request; it reports false when the session is ending.
func (s *session) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.active++
	s.work.Add(1)
	s.idle.Stop()
	return true
}

// end undoes begin once the request is answered.
func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	s.work.Done()
	s.last = time.Now()
	if s.active == 0 && !s.closing {
		s.idle.Reset(s.guide.Idle)
	}
}

// newKey returns a key that works once. Of the keys that nobody used, only the last
// maxKeys are valid. It reports false when the session is ending.
func (s *session) newKey() (key string, ok bool) {
	key = secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return "", false
	}
	s.keys = appendLast(s.keys, hashOf(key), maxKeys)
	s.last = time.Now()
	if s.active == 0 {
		s.idle.Reset(s.guide.Idle)
	}
	return key, true
}

// use uses up a key, and reports whether the key was valid.
func (s *session) use(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return remove(&s.keys, hashOf(key))
}

// newTicket returns a ticket that lets the browser itself, which sends no secret, make
// one GET request of an address. Of those that nobody used, only the last maxTickets
// are valid.
func (s *session) newTicket(address string) string {
	ticket := secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tickets = appendLast(s.tickets, hashOf(ticket+address), maxTickets)
	return ticket
}

// useTicket uses up the ticket of an address, and reports whether it was valid.
func (s *session) useTicket(ticket, address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return remove(&s.tickets, hashOf(ticket+address))
}

// appendLast appends a hash and returns the last most ones.
func appendLast(all []secretHash, next secretHash, most int) []secretHash {
	all = append(all, next)
	return all[max(0, len(all)-most):]
}

// remove removes a hash, and reports whether it was there.
func remove(all *[]secretHash, one secretHash) bool {
	i := slices.Index(*all, one)
	if i < 0 {
		return false
	}
	*all = slices.Delete(*all, i, i+1)
	return true
}
