package gateway

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"colabtray/internal/secret"
)

const (
	// maxHeld is how many connections at once can wait for a start, or have not sent
	// their first request yet.
	maxHeld = 64
	// maxHead is the size of the head of a request, in bytes.
	maxHead = 32 << 10
	// headTime limits how long the head of a request may take.
	headTime = 10 * time.Second
	// pause is the time after a failed start in which no request begins another one.
	pause = 30 * time.Second
	// lingerTime limits how long the rest of a refused request is read.
	lingerTime = time.Second
)

// Waking is what a gateway does for a runtime that does not run: a request with which a
// person connects starts the runtime and is answered by it. What else is asked is
// answered by the gateway, and wakes nothing. decide has the rules.
type Waking struct {
	// Origin is the origin of the only page whose requests count, such as
	// "https://example.com".
	Origin string
	// Token reports whether a token is that of the runtime, in a time that does not
	// depend on how much of it is right.
	Token func(secret.Secret) bool
	// Wake starts the runtime. It returns when the gateway has a way, or an error when
	// that failed, or [ErrNotNow]. ctx ends with the gateway.
	Wake func(ctx context.Context) error
}

// ErrNotNow means that the runtime cannot be started just now, because other work goes
// on. That is no failed start.
var ErrNotNow = errors.New("the runtime cannot be started now")

// flight is a start that requests wait for.
type flight struct {
	done chan struct{}
	err  error // once done is closed
}

// receive reads the first request of a connection and answers it, or returns the bytes
// that were read and the way on which the runtime answers it.
func (g *Gateway) receive(conn net.Conn, w *Waking) (replay []byte, way Way) {
	select {
	case g.heads <- struct{}{}:
		defer func() { <-g.heads }()
	default:
		return nil, nil
	}
	_ = conn.SetReadDeadline(time.Now().Add(headTime))
	request, read, v := readHead(conn)
	if v == understood {
		v = decide(request, g.port, w)
	}
	if v == wakes || v == asleep {
		v = g.await(w, v == wakes)
	}
	if v == wakes {
		if way, _ = g.leads(); way != nil {
			_ = conn.SetReadDeadline(time.Time{})
			return read, way
		}
		v = asleep
	}
	status, _ := v.answer()
	g.log.Debug("the gateway answers for a runtime that does not run", "status", status)
	reply(conn, v, readableBy(request, w.Origin))
	return nil, nil
}

// readHead reads the head of a request, and returns all bytes that it has read.
func readHead(conn io.Reader) (*http.Request, []byte, verdict) {
	var read bytes.Buffer
	limited := &io.LimitedReader{R: conn, N: maxHead}
	request, err := http.ReadRequest(bufio.NewReader(io.TeeReader(limited, &read)))
	switch {
	case err == nil:
		return request, read.Bytes(), understood
	case limited.N <= 0:
		return nil, nil, tooLarge
	case read.Len() == 0:
		return nil, nil, silent
	default:
		return nil, nil, malformed
	}
}

// await waits for the start under way, and begins one if begin is set and no start has
// failed just before. It returns wakes when the runtime runs, and else why it does not.
func (g *Gateway) await(w *Waking, begin bool) verdict {
	g.mu.Lock()
	f := g.flight
	if f == nil {
		switch {
		case g.way != nil: // since the connection was accepted
			g.mu.Unlock()
			return wakes
		case !begin:
			g.mu.Unlock()
			return asleep
		case !g.failed.IsZero() && time.Since(g.failed) < pause:
			g.mu.Unlock()
			return hasFailed
		}
		f = &flight{done: make(chan struct{})}
		g.flight = f
		g.serving.Go(func() { g.wake(w, f) })
	}
	g.mu.Unlock()
	<-f.done
	switch {
	case f.err == nil:
		return wakes
	case errors.Is(f.err, ErrNotNow):
		return asleep
	default:
		return hasFailed
	}
}

// wake starts the runtime for all who wait.
func (g *Gateway) wake(w *Waking, f *flight) {
	g.log.Info("the runtime is started, because Colab asks for it")
	f.err = w.Wake(g.ctx)
	g.mu.Lock()
	g.flight, g.failed = nil, time.Time{}
	if f.err != nil && !errors.Is(f.err, ErrNotNow) {
		g.failed = time.Now()
	}
	g.mu.Unlock()
	close(f.done)
}
