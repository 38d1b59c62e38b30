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

// What a browser may take of us.
const (
	headTime   = 10 * time.Second // to send the head of a request
	writeTime  = 10 * time.Second // to take what was written
	keepTime   = 30 * time.Second // for a connection without requests
	maxHead    = 16 << 10         // bytes
	maxKeys    = 16
	maxCookies = 32
	maxStreams = 16
)

// secretHash is what is kept of a key or cookie. Looking one up tells nothing, by
// its time, about those that there are.
type secretHash [sha256.Size]byte

// session is the time from the first address that is asked for until nobody
// looks any more.
type session struct {
	guide  *Guide
	host   string // 127.0.0.1:PORT, as the Host of every request
	origin string
	cookie string // its name, which has the port: cookies do not
	server *http.Server
	close  func()
	ended  chan struct{}

	pendingOwn, pendingOthers pending

	mu      sync.Mutex
	keys    []secretHash
	cookies []secretHash
	guests  int // requests under way
	streams int
	closing bool
	idle    *time.Timer
	last    time.Time // when somebody left or asked for an address
	work    sync.WaitGroup
}

// listen begins a visit.
func (g *Guide) listen(ctx context.Context) (*session, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	base, cancel := context.WithCancel(context.Background())
	v := &session{
		guide:  g,
		host:   listener.Addr().String(),
		origin: "http://" + listener.Addr().String(),
		cookie: fmt.Sprintf("colab-tray-guide-%d", port),
		ended:  make(chan struct{}),

		pendingOwn:    pending{limit: maxPending},
		pendingOthers: pending{limit: maxPendingOthers},
	}
	v.server = &http.Server{
		Handler:           v.handler(),
		ReadHeaderTimeout: headTime,
		IdleTimeout:       keepTime,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          slog.NewLogLogger(g.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnContext:       withConnection,
		ConnState:         v.follow,
	}
	// What the engine or the person takes their time for ends with the visit.
	v.close = sync.OnceFunc(func() {
		v.mu.Lock()
		v.closing = true
		v.idle.Stop()
		v.mu.Unlock()
		cancel()
		_ = v.server.Close()
	})
	v.idle = time.AfterFunc(g.Idle, v.expireIfIdle)
	go func() {
		defer close(v.ended)
		if err := v.server.Serve(ownUserListener{listener}); !errors.Is(err, http.ErrServerClosed) {
			g.Log.Warn("guide", "error", err)
		}
		v.close()
		v.work.Wait()
		g.forget(v)
	}()
	return v, nil
}

// expireIfIdle ends the visit, unless somebody came at the last moment.
func (v *session) expireIfIdle() {
	v.mu.Lock()
	alone := time.Since(v.last)
	empty := v.guests == 0
	switch {
	case empty && alone >= v.guide.Idle:
		v.closing = true
	case empty:
		v.idle.Reset(v.guide.Idle - alone)
		empty = false
	}
	v.mu.Unlock()
	if empty {
		v.close()
	}
}

// begin counts somebody who looks; it reports false when it is too late.
func (v *session) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing {
		return false
	}
	v.guests++
	v.work.Add(1)
	v.idle.Stop()
	return true
}

func (v *session) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.guests--
	v.work.Done()
	v.last = time.Now()
	if v.guests == 0 && !v.closing {
		v.idle.Reset(v.guide.Idle)
	}
}

// newKey makes a key that works once. Of many that nobody used, the first are
// forgotten. It reports false when the visit is ending.
func (v *session) newKey() (key string, ok bool) {
	key = secret()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closing {
		return "", false
	}
	v.keys = appendLast(v.keys, sha256.Sum256([]byte(key)), maxKeys)
	v.last = time.Now()
	if v.guests == 0 {
		v.idle.Reset(v.guide.Idle)
	}
	return key, true
}

// use uses a key up, and reports whether there was such a key.
func (v *session) use(key string) bool {
	used := secretHash(sha256.Sum256([]byte(key)))
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, k := range v.keys {
		if k == used {
			v.keys = append(v.keys[:i], v.keys[i+1:]...)
			return true
		}
	}
	return false
}

func (v *session) newCookie() string {
	cookie := secret()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cookies = appendLast(v.cookies, sha256.Sum256([]byte(cookie)), maxCookies)
	return cookie
}

// hasCookie reports whether a request has one of our cookies.
func (v *session) hasCookie(r *http.Request) bool {
	for _, c := range r.CookiesNamed(v.cookie) {
		sum := secretHash(sha256.Sum256([]byte(c.Value)))
		v.mu.Lock()
		known := false
		for _, k := range v.cookies {
			known = known || k == sum
		}
		v.mu.Unlock()
		if known {
			return true
		}
	}
	return false
}

// appendLast keeps the last ones.
func appendLast(all []secretHash, next secretHash, most int) []secretHash {
	all = append(all, next)
	return all[max(0, len(all)-most):]
}
