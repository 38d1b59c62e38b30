package kubernetes

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"sync"
	"time"

	"colabtray/internal/child"
)

const (
	// proxyTime is how long kubectl proxy may take to listen.
	proxyTime = 10 * time.Second
	// proxyPause is the time between a kubectl proxy that failed and the next one.
	proxyPause = 500 * time.Millisecond
)

// proxy is a kubectl that leads to the API of a cluster from a socket, where only this
// person can connect. It runs from the first connection on, and another one takes its
// place when it ends.
type proxy struct {
	kubectl kubectl
	dir     string // below which its directory is made

	starting chan struct{} // held by who starts it

	mu     sync.Mutex
	closed bool
	place  *place
	child  *child.Child
	failed error     // the last start
	next   time.Time // no start before
}

func newProxy(k kubectl, dir string) *proxy {
	return &proxy{kubectl: k, dir: dir, starting: make(chan struct{}, 1)}
}

// dial connects to the API.
func (p *proxy) dial(ctx context.Context) (net.Conn, error) {
	select {
	case p.starting <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-p.starting }()
	for {
		socket, err := p.ensure()
		if err != nil {
			return nil, err
		}
		conn, err := p.await(ctx, socket)
		if err == nil || !errors.Is(err, errEnded) {
			return conn, err
		}
		p.mu.Lock()
		p.failed, p.next = failed(p.child), time.Now().Add(proxyPause)
		err, p.child = p.failed, nil
		p.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

// errEnded means that kubectl proxy has ended.
var errEnded = errors.New("kubectl proxy has ended")

// ensure starts kubectl proxy unless it runs. Only one goroutine calls it at a time.
func (p *proxy) ensure() (socket string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return "", net.ErrClosed
	case p.child != nil && !over(p.child.Ended()):
		return p.place.socket(), nil
	case p.failed != nil && time.Now().Before(p.next):
		return "", p.failed
	}
	if p.place == nil {
		if p.place, err = newPlace(p.dir); err != nil {
			return "", err
		}
	}
	if err := os.Remove(p.place.socket()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	// The rejected paths are those that it rejects anyway, and port forwards, which have
	// a kubectl of their own.
	p.child, err = child.Start(p.kubectl.command("proxy", "--unix-socket="+p.place.socket(), "--api-prefix=/",
		`--reject-paths=^/api/.*/pods/.*/(exec|attach|portforward|proxy)`))
	if err != nil {
		p.child, err = nil, startError(err)
		p.failed, p.next = err, time.Now().Add(proxyPause)
		return "", err
	}
	p.failed = nil
	return p.place.socket(), nil
}

// await connects to a kubectl proxy that may not listen yet.
func (p *proxy) await(ctx context.Context, socket string) (net.Conn, error) {
	p.mu.Lock()
	c := p.child
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, proxyTime)
	defer cancel()
	for pause := 2 * time.Millisecond; ; pause = min(pause*5/4, 50*time.Millisecond) {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err == nil {
			return conn, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-c.Ended():
			timer.Stop()
			return nil, errEnded
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		case <-timer.C:
		}
	}
}

func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}

// close ends kubectl proxy, and removes its socket.
func (p *proxy) close() error {
	p.mu.Lock()
	p.closed = true
	c, at := p.child, p.place
	p.child, p.place = nil, nil
	p.mu.Unlock()
	if c != nil {
		c.End()
	}
	if at == nil {
		return nil
	}
	return at.remove()
}
