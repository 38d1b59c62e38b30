package colab

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memory is a network in memory with one server, at 127.0.0.1. A test that uses no
// other network runs on a fake clock, which advances only while all goroutines wait.
type memory struct {
	connections chan net.Conn
	closed      chan struct{}
	close       func()
}

func newMemory() *memory {
	closed := make(chan struct{})
	return &memory{make(chan net.Conn), closed, sync.OnceFunc(func() { close(closed) })}
}

func (m *memory) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	refused := &net.OpError{Op: "dial", Net: network, Err: errors.New("nothing listens there")}
	if host, _, _ := net.SplitHostPort(address); host != "127.0.0.1" {
		return nil, refused
	}
	near, far := net.Pipe()
	select {
	case m.connections <- far:
		return near, nil
	case <-m.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) {
	return []net.IPAddr{{IP: net.IPv6loopback}, {IP: net.IPv4(127, 0, 0, 1)}}, nil
}

// Accept, Close and Addr make it a net.Listener.
func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.connections:
		return c, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.close()
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8888} }

// checkInMemory checks a server in memory, so that waiting takes no real time.
func checkInMemory(t *testing.T, serve func(net.Listener), change ...func(*Target)) (r Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		go serve(m)
		r = checkAt(t, m.Addr(), append(change, func(target *Target) { target.network = m })...)
		m.Close()
		time.Sleep(time.Minute) // until the server has noticed that its client is gone
	})
	return r
}

// web is a server that answers HTTP requests.
func web(handler http.Handler) func(net.Listener) {
	return func(l net.Listener) { _ = http.Serve(l, handler) }
}

// raw is a server that answers each connection after its first input.
func raw(answer func(net.Conn)) func(net.Listener) {
	return func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 4096)); err != nil && !errors.Is(err, io.EOF) {
					return
				}
				answer(c)
			}()
		}
	}
}
