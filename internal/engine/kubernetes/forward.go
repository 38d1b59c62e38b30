package kubernetes

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"

	"colabtray/internal/child"
	"colabtray/internal/engine"
	"colabtray/internal/tunnel"
)

const (
	// forwardTime is how long kubectl port-forward may take to listen.
	forwardTime = 20 * time.Second
	// probeTime is how long the other side has for an answer when there is doubt.
	probeTime = 1500 * time.Millisecond
)

// forward is a kubectl that leads to a port of a pod, from a port of this computer that it
// chooses.
type forward struct {
	child   *child.Child
	address string
}

// listening matches what kubectl port-forward writes once it listens.
var listening = regexp.MustCompile(`^Forwarding from 127\.0\.0\.1:([0-9]{1,5}) -> [0-9]+\s*$`)

// startForward starts kubectl port-forward, and waits until it listens.
func startForward(ctx context.Context, k kubectl, pod string, port int) (*forward, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := k.command("port-forward", "--address=127.0.0.1", "pod/"+pod, ":"+strconv.Itoa(port))
	cmd.Stdout = write
	c, err := child.Start(cmd)
	_ = write.Close()
	if err != nil {
		_ = read.Close()
		return nil, startError(err)
	}
	told := make(chan string, 1)
	go func() {
		defer read.Close()
		lines := bufio.NewReader(io.LimitReader(read, maxSaid))
		for {
			line, err := lines.ReadString('\n')
			if found := listening.FindStringSubmatch(line); found != nil {
				select {
				case told <- net.JoinHostPort("127.0.0.1", found[1]):
				default:
				}
			}
			if err != nil {
				break
			}
		}
		_, _ = io.Copy(io.Discard, read) // it writes a line for each connection
	}()
	timer := time.NewTimer(forwardTime)
	defer timer.Stop()
	select {
	case address := <-told:
		return &forward{c, address}, nil
	case <-c.Ended():
		if err := failed(c); err != nil {
			return nil, err
		}
		return nil, &toolError{0, "kubectl port-forward has ended"}
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = &toolError{-1, "kubectl port-forward does not begin to listen. " + lastWords(c.Said.String())}
	}
	c.Kill()
	<-c.Ended()
	return nil, err
}

// answers reports whether something answers at the other end of a forward: anything that
// a server of HTTP says.
func (f *forward) answers(ctx context.Context, patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", f.address)
	if err != nil {
		return false
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if _, err := io.WriteString(conn, "GET /api HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
		return false
	}
	n, _ := conn.Read(make([]byte, 1))
	return n > 0
}

// route is the way to a port of a pod. It keeps one forward, from the first connection on.
// kubectl does not notice when packets vanish. So a connection on which an answer is
// overdue doubts the forward: another one is tried, and takes its place if that one alone
// has an answer. A server that is silent itself loses nothing.
type route struct {
	start func(ctx context.Context) (*forward, error)

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	turn   chan struct{} // held by who starts or doubts a forward

	mu       sync.Mutex
	closed   bool
	forward  *forward
	doubting bool
}

func newRoute(start func(ctx context.Context) (*forward, error)) *route {
	ctx, cancel := context.WithCancel(context.Background())
	return &route{start: start, ctx: ctx, cancel: cancel, turn: make(chan struct{}, 1)}
}

// Dial implements [engine.Route].
func (r *route) Dial(ctx context.Context) (net.Conn, error) {
	for again := false; ; again = true {
		f, err := r.current(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", f.address)
		if err == nil {
			return tunnel.Doubted(conn, r.doubt), nil
		}
		if again || ctx.Err() != nil {
			return nil, err
		}
		f.child.Kill() // it no longer listens
		<-f.child.Ended()
	}
}

// current returns the forward, and starts one if there is none that runs. Who no longer
// waits for that leaves it to the next: a probe of a server that begins is replaced by
// another one while kubectl is still on its way.
func (r *route) current(ctx context.Context) (*forward, error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r.mu.Lock()
	f, closed := r.forward, r.closed
	if closed || f != nil && !over(f.child.Ended()) {
		r.mu.Unlock()
		<-r.turn
		if closed {
			return nil, net.ErrClosed
		}
		return f, nil
	}
	type started struct {
		*forward
		err error
	}
	result := make(chan started, 1)
	r.work.Go(func() {
		f, err := r.replace(r.ctx)
		<-r.turn
		result <- started{f, err}
	})
	r.mu.Unlock()
	select {
	case s := <-result:
		return s.forward, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// replace starts a forward and takes it; the caller has the turn.
func (r *route) replace(ctx context.Context) (*forward, error) {
	f, err := r.start(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	old := r.forward
	r.mu.Unlock()
	return f, r.take(old, f)
}

// take takes a forward in the place of another one, unless that has gone meanwhile.
func (r *route) take(old, f *forward) error {
	r.mu.Lock()
	taken := !r.closed && r.forward == old
	if taken {
		r.forward = f
	}
	r.mu.Unlock()
	if !taken {
		f.child.End()
		return net.ErrClosed
	}
	if old != nil {
		old.child.Kill()
	}
	return nil
}

// doubt finds out whether the forward still leads anywhere. It does not wait for that.
func (r *route) doubt() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.doubting {
		return
	}
	r.doubting = true
	r.work.Go(func() {
		_ = r.examine(r.ctx)
		r.mu.Lock()
		r.doubting = false
		r.mu.Unlock()
	})
}

// examine replaces a forward that has no answer by one that has.
func (r *route) examine(ctx context.Context) error {
	r.mu.Lock()
	old := r.forward
	r.mu.Unlock()
	if old == nil || over(old.child.Ended()) || old.answers(ctx, probeTime) {
		return nil
	}
	next, err := r.start(ctx)
	if err != nil {
		return err
	}
	if !next.answers(ctx, probeTime) {
		next.child.End()
		return errors.New("nothing answers by another way either")
	}
	return r.take(old, next)
}

// Close implements [engine.Route].
func (r *route) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	f := r.forward
	r.forward = nil
	r.cancel()
	r.mu.Unlock()
	if f != nil {
		f.child.End()
	}
	r.work.Wait()
	return nil
}

// Reach implements [engine.Engine].
func (e *Engine) Reach(_ context.Context, c engine.Container, port int) (engine.Route, error) {
	if _, err := engine.PublishedPort(c, port); err != nil {
		return nil, err
	}
	k, name := e.tool(), c.Name
	return newRoute(func(ctx context.Context) (*forward, error) {
		f, err := startForward(ctx, k, name, port)
		return f, e.failure(err)
	}), nil
}
