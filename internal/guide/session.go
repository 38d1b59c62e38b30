package guide

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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
	maxCookies = 32
	maxStreams = 16
)

// secretHash is the hash of a key or cookie. The time that it takes to compare hashes
// tells nothing about the keys and cookies.
type secretHash [sha256.Size]byte

// session is one period in which the guide listens: from the first address that is
// asked for until nobody looks at the page any more.
type session struct {
	guide  *Guide
	host   string // 127.0.0.1:PORT, the Host of every request
	origin string
	cookie string // name of the cookie; it contains the port, because cookies are not bound to one
	server *http.Server
	base   context.Context // ends with the session
	close  func()
	ended  chan struct{}

	pendingOwn, pendingOthers pending

	mu      sync.Mutex
	keys    []secretHash
	cookies []secretHash
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
	port := listener.Addr().(*net.TCPAddr).Port
	base, cancel := context.WithCancel(context.Background())
	s := &session{
		guide:  g,
		host:   listener.Addr().String(),
		origin: "http://" + listener.Addr().String(),
		cookie: fmt.Sprintf("colab-tray-guide-%d", port),
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
	s.keys = appendLast(s.keys, sha256.Sum256([]byte(key)), maxKeys)
	s.last = time.Now()
	if s.active == 0 {
		s.idle.Reset(s.guide.Idle)
	}
	return key, true
}

// use uses up a key, and reports whether the key was valid.
func (s *session) use(key string) bool {
	used := secretHash(sha256.Sum256([]byte(key)))
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, k := range s.keys {
		if k == used {
			s.keys = append(s.keys[:i], s.keys[i+1:]...)
			return true
		}
	}
	return false
}

func (s *session) newCookie() string {
	cookie := secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cookies = appendLast(s.cookies, sha256.Sum256([]byte(cookie)), maxCookies)
	return cookie
}

// hasCookie reports whether a request has one of our cookies.
func (s *session) hasCookie(r *http.Request) bool {
	for _, c := range r.CookiesNamed(s.cookie) {
		sum := secretHash(sha256.Sum256([]byte(c.Value)))
		s.mu.Lock()
		known := false
		for _, k := range s.cookies {
			known = known || k == sum
		}
		s.mu.Unlock()
		if known {
			return true
		}
	}
	return false
}

// appendLast appends a hash and returns the last most ones.
func appendLast(all []secretHash, next secretHash, most int) []secretHash {
	all = append(all, next)
	return all[max(0, len(all)-most):]
}
