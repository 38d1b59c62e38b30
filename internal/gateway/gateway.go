package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"
)

const (
	// maxPassed is how many connections are open at once. A browser opens fewer than
	// 300 to one address.
	maxPassed = 512
	// dialTime limits how long a way may take to open.
	dialTime = 15 * time.Second
	// acceptDelay is the time between attempts to accept while the system has no file
	// descriptor left.
	acceptDelay = 100 * time.Millisecond
)

// Way opens a connection to where a gateway leads.
type Way func(ctx context.Context) (net.Conn, error)

// Gateway listens at a port of 127.0.0.1. Its methods can be called from any goroutine.
type Gateway struct {
	port     int
	listener net.Listener
	release  func() // of the lock
	log      *slog.Logger

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	serving sync.WaitGroup
	slots   chan struct{} // one for each open connection
	heads   chan struct{} // one for each connection whose first request is read or held

	mu     sync.Mutex
	way    Way
	waking *Waking
	flight *flight   // the start under way, if a request began one
	failed time.Time // when such a start failed last
	open   map[net.Conn]struct{}
}

// Listen makes the gateway of a runtime at a port of 127.0.0.1. It passes nothing on
// until [Gateway.Lead]. dir is a private directory of the person for locks, and target
// names the runtime, the same in each process. The error is
// [ErrHeld] while another process of the person has this gateway, and wraps [ErrInUse]
// when anybody else uses the port.
func Listen(port int, dir, target string, log *slog.Logger) (*Gateway, error) {
	release, err := lock(dir, target, port)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if isInUse(err) {
		err = fmt.Errorf("%w: %w", ErrInUse, err)
	}
	if err != nil {
		release()
		return nil, err
	}
	g := newGateway(l.Addr().(*net.TCPAddr).Port, log)
	g.listener, g.release = l, release
	g.serving.Go(g.accept)
	return g, nil
}

// newGateway returns a gateway for a port that does not listen.
func newGateway(port int, log *slog.Logger) *Gateway {
	g := &Gateway{
		port: port, log: log, open: map[net.Conn]struct{}{},
		slots: make(chan struct{}, maxPassed), heads: make(chan struct{}, maxHeld),
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// Port returns the port that the gateway listens at.
func (g *Gateway) Port() int { return g.port }

// Lead sets where new connections lead. Without a way, waking decides about them; with
// neither, they are closed. Open connections stay as they are.
func (g *Gateway) Lead(way Way, waking *Waking) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.way, g.waking = way, waking
	if way != nil {
		g.failed = time.Time{}
	}
}

func (g *Gateway) leads() (Way, *Waking) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.way, g.waking
}

// Close frees the port and closes all connections. A start that a request began ends,
// too: see [Gateway.Wait].
func (g *Gateway) Close() {
	g.cancel()
	free(g.listener)
	g.mu.Lock()
	for c := range g.open {
		_ = c.Close()
	}
	g.mu.Unlock()
	g.release()
}

// Wait returns when all that a closed gateway did has ended.
func (g *Gateway) Wait() { g.serving.Wait() }

// accept serves connections until the listener is closed.
func (g *Gateway) accept() {
	for {
		conn, err := g.listener.Accept()
		switch {
		case err != nil && g.ctx.Err() != nil:
			return
		case err != nil:
			g.log.Warn("the gateway cannot accept", "error", err)
			select {
			case <-g.ctx.Done():
			case <-time.After(acceptDelay):
			}
			continue
		}
		select {
		case g.slots <- struct{}{}:
			g.serving.Go(func() {
				defer func() { <-g.slots }()
				g.serve(conn)
			})
		default:
			_ = conn.Close()
		}
	}
}

// serve serves one connection to its end.
func (g *Gateway) serve(conn net.Conn) {
	if !g.track(conn) {
		return
	}
	defer g.untrack(conn)
	way, waking := g.leads()
	var replay []byte
	if way == nil && waking != nil {
		if replay, way = g.receive(conn, waking); way == nil {
			return
		}
	}
	if way == nil {
		return
	}
	ctx, cancel := context.WithTimeout(g.ctx, dialTime)
	inside, err := way(ctx)
	cancel()
	if err != nil {
		g.log.Debug("the gateway leads nowhere", "error", err)
		if replay != nil {
			reply(conn, unreachable, crossOrigin{})
		}
		return
	}
	if !g.track(inside) {
		return
	}
	defer g.untrack(inside)
	if len(replay) > 0 {
		if _, err := inside.Write(replay); err != nil {
			return
		}
	}
	splice(conn, inside)
}

// track remembers an open connection, so that Close closes it. It reports false, and
// closes the connection, where the gateway is closed already.
func (g *Gateway) track(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() != nil {
		_ = c.Close()
		return false
	}
	g.open[c] = struct{}{}
	return true
}

func (g *Gateway) untrack(c net.Conn) {
	_ = c.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c)
}
