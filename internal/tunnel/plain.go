package tunnel

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"sync"
	"time"

	"colabtray/internal/child"
)

// plain stands for a master where ssh has none: each connection to a socket is an ssh of
// its own, which runs a command, and each port has an ssh that forwards it from a port of
// this computer. A socket is never forwarded from a port, where others of this computer
// could connect.
type plain struct {
	t     *Tunnel
	ended chan struct{}
	end   func()

	mu       sync.Mutex
	forwards map[int]*portForward
	children []*child.Child // all that may still run
	killed   *Error         // why
}

// portForward is an ssh that forwards a port.
type portForward struct {
	child *child.Child
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
	return p.killed
}

func (p *plain) kill(reason *Error) {
	p.mu.Lock()
	if p.killed == nil {
		p.killed = reason
	}
	for _, one := range p.children {
		one.Kill()
	}
	p.mu.Unlock()
	p.end()
}

func (p *plain) close() {
	p.kill(p.t.destination.fail(Other, ""))
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.children {
		<-one.Ended()
	}
}

// owns notes a child that ends with the link. It holds mu.
func (p *plain) owns(c *child.Child) {
	p.children = append(slices.DeleteFunc(p.children, func(c *child.Child) bool { return over(c.Ended()) }), c)
	if over(p.ended) {
		c.Kill()
	}
}

// alive logs in anew: there is no other way to hear from the box. That takes longer than
// an answer, so it has a time of its own.
func (p *plain) alive(context.Context) error {
	ctx, cancel := context.WithTimeout(p.t.ctx, settled)
	defer cancel()
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

func (p *plain) socket(ctx context.Context, _ string, stdio []string) (net.Conn, error) {
	conn, err := p.t.pipe(ctx, p.one(), stdio)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owns(conn.child)
	return conn, nil
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
		case <-forward.child.Ended():
			timer.Stop()
			// ssh cannot log in any more.
			failure := p.t.destination.failure(forward.child.Said.String())
			p.kill(failure)
			return nil, failure
		}
	}
}

// forward returns the forward of a port, which may not listen yet. What the person's
// configuration forwards cannot be left out without ours, and so it must not matter
// whether that works.
func (p *plain) forward(port int) (*portForward, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if forward := p.forwards[port]; forward != nil && !over(forward.child.Ended()) {
		return forward, nil
	}
	local, err := freePort()
	if err != nil {
		return nil, err
	}
	one := p.one("-N", "-L", fmt.Sprintf("%s:127.0.0.1:%d", local, port), "-o", "ClearAllForwardings=no", "-o", "ExitOnForwardFailure=no")
	process, err := child.Start(one(p.t.destination.arguments()...))
	if err != nil {
		return nil, p.t.destination.notStarted(err)
	}
	forward := &portForward{process, local}
	p.forwards[port] = forward
	p.owns(process)
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
