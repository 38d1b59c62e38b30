package tunnel

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// plain stands for a master where ssh has none: each connection to a socket is an ssh of
// its own, which runs Options.Stdio, and each port has an ssh that forwards it from a
// port of this computer. A socket is never forwarded from a port, where others of this
// computer could connect.
type plain struct {
	t     *Tunnel
	ended chan struct{}
	end   func()

	mu       sync.Mutex
	forwards map[int]*portForward
	failed   error
}

// portForward is an ssh that forwards a port.
type portForward struct {
	child *child
	local string
}

// startPlain logs in once, to find out whether that can be done.
func (t *Tunnel) startPlain(asks bool, level string) (link, error) {
	ctx, cancel := context.WithTimeout(t.ctx, loginTime(asks))
	defer cancel()
	// Each shell has this command.
	cmd := t.ssh(asks, append(login(asks, level), append(t.destination.arguments(), "exit")...))
	if _, err := output(ctx, t.destination, cmd); ctx.Err() != nil {
		return nil, t.destination.fail(TimedOut, "")
	} else if err != nil {
		return nil, err
	}
	p := &plain{t: t, ended: make(chan struct{}), forwards: map[int]*portForward{}}
	p.end = sync.OnceFunc(func() { close(p.ended) })
	return p, nil
}

// one is an ssh for one purpose. Of options that contradict each other ssh takes the
// first.
func (p *plain) one(options ...string) func(words ...string) *exec.Cmd {
	return func(words ...string) *exec.Cmd {
		return p.t.ssh(false, slices.Concat(options, []string{"-S", "none"}, login(false, "INFO"), words))
	}
}

func (p *plain) done() <-chan struct{} { return p.ended }

func (p *plain) reason() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return p.failed
	}
	return p.t.destination.fail(TimedOut, "")
}

func (p *plain) kill() {
	p.mu.Lock()
	for _, forward := range p.forwards {
		forward.child.kill()
	}
	p.mu.Unlock()
	p.end()
}

func (p *plain) close() {
	p.kill()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, forward := range p.forwards {
		<-forward.child.ended
	}
}

// alive logs in anew: there is no other way to hear from the box.
func (p *plain) alive(ctx context.Context) error {
	_, err := output(ctx, p.t.destination, p.one()(append(p.t.destination.arguments(), "exit")...))
	return err
}

func (p *plain) run(ctx context.Context, words []string) (string, error) {
	if err := acquire(ctx, p.t.outputs); err != nil {
		return "", err
	}
	defer func() { <-p.t.outputs }()
	return output(ctx, p.t.destination, p.one()(append(p.t.destination.arguments(), quoted(words))...))
}

func (p *plain) socket(ctx context.Context, _ string) (net.Conn, error) {
	return p.t.pipe(ctx, p.one())
}

func (p *plain) port(ctx context.Context, port int) (net.Conn, error) {
	forward, err := p.forward(port)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if conn, err := dialer.DialContext(ctx, "tcp", forward.local); err == nil {
			return conn, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		case <-forward.child.ended:
			timer.Stop()
			return nil, p.fail(p.t.destination.failure(forward.child.says.String()))
		}
	}
}

// fail ends the link where ssh could not log in any more.
func (p *plain) fail(err *Error) error {
	p.mu.Lock()
	p.failed = err
	p.mu.Unlock()
	p.kill()
	return err
}

// forward returns the forward of a port, which may not listen yet. What the person's
// configuration forwards cannot be left out without ours, and so it must not matter
// whether that works.
func (p *plain) forward(port int) (*portForward, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if forward := p.forwards[port]; forward != nil && !over(forward.child.ended) {
		return forward, nil
	}
	local, err := freePort()
	if err != nil {
		return nil, err
	}
	one := p.one("-N", "-L", fmt.Sprintf("%s:127.0.0.1:%d", local, port), "-o", "ClearAllForwardings=no", "-o", "ExitOnForwardFailure=no")
	child, err := start(one(p.t.destination.arguments()...))
	if err != nil {
		return nil, p.t.destination.notStarted(err)
	}
	forward := &portForward{child, local}
	p.forwards[port] = forward
	return forward, nil
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func over(ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	default:
		return false
	}
}
