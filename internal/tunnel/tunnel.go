package tunnel

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// patience is how long a repair goes on unseen: a Dial waits that long.
	patience = 10 * time.Second
	// firstPause and longestPause bound the pauses between two logins that fail.
	firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
	// lastingPause is that after a failure that a person has to do something about. Boxes
	// lock out who tries often.
	lastingPause = 30 * time.Second
	// settled is how long a connection has to live for its end to be worth a login at
	// once.
	settled = 5 * time.Second
	// doubtTime is how long the box has for an answer when there is doubt.
	doubtTime = 1500 * time.Millisecond
	// muchSent is so much that the box must have answered meanwhile.
	muchSent = 32 << 10
)

// Options are what a tunnel needs beside its destination.
type Options struct {
	// Dir is the private directory below which sockets are made. It is made with mode
	// 0700; several tunnels, and several processes of one person, can have the same.
	Dir string
	// Program is the ssh program; "" is ssh.
	Program string
	// Log gets what happens; nil is nobody.
	Log *slog.Logger
	// Askpass is a program that asks a person (SSH_ASKPASS); "" asks nobody. It asks
	// once, until a login succeeds or Retry is called.
	Askpass string
}

// Status is how a tunnel is.
type Status struct {
	Connected bool
	// Since is when Connected became what it is.
	Since time.Time
	// Err is the last failure, nil while connected. It is an [*Error] where ssh failed.
	Err error
}

// link is one login to the box, or what stands for it. When it ends, another takes its
// place.
type link interface {
	socket(ctx context.Context, path string, stdio []string) (net.Conn, error)
	port(ctx context.Context, port int) (net.Conn, error)
	run(ctx context.Context, words []string) (string, error)
	// alive waits for an answer of the box.
	alive(ctx context.Context) error
	done() <-chan struct{}
	// reason tells why it is done.
	reason() error
	// kill ends it at once, for a reason.
	kill(reason *Error)
	close()
}

// Tunnel is the connection to one box.
type Tunnel struct {
	destination Destination
	options     Options
	connect     func() (link, error)
	plain       bool // without a master: ssh of Windows has none
	dir         *directory
	traffic     traffic
	proven      proven      // targets that the box has connected to
	stdio       atomic.Bool // the box forwards no sockets
	stdios      chan struct{}
	outputs     chan struct{}
	doubting    atomic.Bool

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	kick   chan struct{} // a login at once

	mu      sync.Mutex
	closed  bool
	running bool // keep runs
	link    link
	linked  time.Time // when there was a link
	lost    time.Time // when there was none any more
	since   time.Time
	err     error
	next    time.Time     // no login before
	pause   time.Duration // the next one
	asked   bool          // Askpass has had its turn
	waiting int
	changed chan struct{}
}

// New returns a tunnel. The first Dial or Output connects it.
func New(d Destination, o Options) *Tunnel {
	if o.Program == "" {
		o.Program = "ssh"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Tunnel{
		destination: d, options: o, plain: noMaster, ctx: ctx, cancel: cancel,
		stdios: make(chan struct{}, mostStdio), outputs: make(chan struct{}, mostOutputs),
		kick: make(chan struct{}, 1), changed: make(chan struct{}),
		since: time.Now(), pause: firstPause,
	}
	t.connect = t.login
	return t
}

// DialSocket connects to a unix socket on the box. The words stdio are a command that
// connects its standard input and output with the socket, for boxes that forward none. A
// nil error means that the box accepted the connection, except for connections through
// that command, whose first Read fails instead.
func (t *Tunnel) DialSocket(ctx context.Context, path string, stdio ...string) (net.Conn, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	return with(ctx, t, func(ctx context.Context, l link) (net.Conn, error) { return l.socket(ctx, path, stdio) })
}

// DialPort connects to 127.0.0.1:port on the box. The error is ECONNREFUSED where
// nobody listens there. Once a port has accepted a connection, a later one that is
// refused ends before anything is read instead.
func (t *Tunnel) DialPort(ctx context.Context, port int) (net.Conn, error) {
	return with(ctx, t, func(ctx context.Context, l link) (net.Conn, error) { return l.port(ctx, port) })
}

// Output runs a command on the box, and returns what it writes to standard output, at
// most 1 MiB. The words are quoted for the box's shell. A command that fails is an
// [*exec.ExitError].
func (t *Tunnel) Output(ctx context.Context, command ...string) (string, error) {
	var ran error
	out, err := with(ctx, t, func(ctx context.Context, l link) (string, error) {
		out, err := l.run(ctx, command)
		if err != nil && !gone(err) {
			ran, err = err, nil // it may have run, and is not run again
		}
		return out, err
	})
	if ran != nil {
		return "", ran
	}
	return out, err
}

// with does something by the link. Where the link ends meanwhile, it is done by the next
// one.
func with[T any](ctx context.Context, t *Tunnel, do func(context.Context, link) (T, error)) (result T, err error) {
	began := time.Now()
	for {
		l, err := t.await(ctx)
		if err != nil {
			return result, err
		}
		// What is done by a link ends with it.
		of, cancel := context.WithCancelCause(ctx)
		stop := make(chan struct{})
		go func() {
			select {
			case <-l.done():
				cancel(errLost)
			case <-stop:
			}
		}()
		result, err = do(of, l)
		close(stop)
		cancel(nil)
		if err == nil || ctx.Err() != nil || time.Since(began) > patience {
			return result, err
		}
		if gone(err) {
			l.kill(t.destination.fail(Other, err.Error()))
			<-l.done()
		}
		select {
		case <-l.done():
			t.leave(l, l.reason())
		default:
			return result, err
		}
	}
}

var (
	errLost = errors.New("the connection to the box was lost")
	errGone = errors.New("ssh does not answer at its control socket")
)

// gone reports whether a socket of ssh itself does not answer: that ssh is of no use.
func gone(err error) bool {
	var op *net.OpError
	return errors.Is(err, errGone) || errors.As(err, &op) && op.Net == "unix" && op.Op == "dial"
}

// await returns the link. It waits for a login or a repair, up to 10 seconds.
func (t *Tunnel) await(ctx context.Context) (link, error) {
	var patient <-chan time.Time
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		now := time.Now()
		switch {
		case t.closed:
			return nil, net.ErrClosed
		case t.link != nil:
			return t.link, nil
		case t.err != nil && now.Before(t.next) && !t.repairing(now):
			return nil, t.err
		}
		t.keepRunning()
		if patient == nil {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			patient = timer.C
		}
		changed, over := t.changed, error(nil)
		t.waiting++
		t.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			over = context.Cause(ctx)
		case <-patient:
			over = t.destination.fail(TimedOut, "")
		}
		t.mu.Lock()
		t.waiting--
		switch {
		case over == nil:
		case t.err != nil && t.link == nil && !errors.Is(ctx.Err(), context.Canceled):
			return nil, t.err // says more
		default:
			return nil, over
		}
	}
}

// repairing reports whether the connection was lost so lately that a Dial waits.
func (t *Tunnel) repairing(now time.Time) bool {
	var failure *Error
	return !t.lost.IsZero() && now.Sub(t.lost) < patience && !(errors.As(t.err, &failure) && failure.Kind.lasting())
}

// keepRunning makes sure that somebody looks after the connection. It holds mu.
func (t *Tunnel) keepRunning() {
	if !t.running && !t.closed {
		t.running = true
		t.work.Go(t.keep)
	}
}

// keep logs in, and again when the connection is lost. While there is a connection it
// only waits for its end. While there is none, it goes on as long as somebody waits, and
// for the first seconds; then the next Dial starts it anew.
func (t *Tunnel) keep() {
	for t.wanted() {
		l, err := t.connect()
		if err != nil {
			t.failed(err)
			continue
		}
		if !t.connected(l) {
			l.close()
			return
		}
		select {
		case <-l.done():
			t.leave(l, l.reason())
		case <-t.ctx.Done():
			l.close()
			return
		}
	}
}

// wanted reports whether to log in, after a pause where one is due.
func (t *Tunnel) wanted() bool {
	for {
		t.mu.Lock()
		now := time.Now()
		pause := t.next.Sub(now)
		if t.closed || t.waiting == 0 && !t.repairing(now) {
			t.running = false
			t.mu.Unlock()
			return false
		}
		t.mu.Unlock()
		if pause <= 0 {
			return true
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-t.kick:
		case <-t.ctx.Done():
		}
		timer.Stop()
	}
}

// failed notes a login that failed.
func (t *Tunnel) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	var failure *Error
	pause := t.pause
	if errors.As(err, &failure) && failure.Kind.lasting() {
		pause = lastingPause
	}
	t.rest(pause)
	t.err = err
	t.options.Log.Debug("ssh", "error", err, "again after", pause)
	t.tell()
}

// rest makes the next login wait, and the one after it longer.
func (t *Tunnel) rest(pause time.Duration) {
	t.next = time.Now().Add(pause)
	t.pause = min(max(2*t.pause, firstPause), longestPause)
}

// connected notes a login, unless the tunnel is closed.
func (t *Tunnel) connected(l link) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	now := time.Now()
	t.link, t.linked, t.since, t.err, t.asked = l, now, now, nil, false
	t.options.Log.Info("connected", "box", t.destination.String())
	t.tell()
	return true
}

// leave notes that a link is done, or about to be, and why.
func (t *Tunnel) leave(l link, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link != l || t.closed {
		return
	}
	now := time.Now()
	if now.Sub(t.linked) >= settled {
		t.pause = 0
	}
	t.rest(t.pause)
	t.link, t.lost, t.since, t.err = nil, now, now, why
	t.options.Log.Info("connection lost", "error", t.err)
	t.tell()
}

// tell tells those who wait that something has changed. It holds mu.
func (t *Tunnel) tell() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// login makes a new link. A program asks the person only what cannot be done without
// asking, and once.
func (t *Tunnel) login() (link, error) {
	t.stdio.Store(false)
	if t.plain {
		return t.first(t.startPlain)
	}
	if t.dir == nil {
		program, err := exec.LookPath(t.options.Program)
		if err != nil {
			return nil, t.destination.fail(NoSSH, err.Error())
		}
		if t.dir, err = newDirectory(t.options.Dir, program); err != nil {
			return nil, err
		}
	}
	return t.first(func(asks bool, level string) (link, error) {
		m, err := t.startMaster(t.ctx, asks, level)
		if err != nil {
			return nil, err // no link that is nil
		}
		return m, nil
	})
}

// first logs in without asking, then with it.
func (t *Tunnel) first(try func(asks bool, level string) (link, error)) (link, error) {
	l, err := try(false, "INFO")
	var failure *Error
	if !errors.As(err, &failure) {
		return l, err
	}
	if failure.Kind == PermissionDenied {
		// Only this level tells a key that the box accepts and nobody opened.
		if l, err = try(false, "DEBUG1"); !errors.As(err, &failure) {
			return l, err
		}
	}
	t.mu.Lock()
	ask := t.options.Askpass != "" && !t.asked && (failure.Kind == PromptWanted || failure.Kind == HostKeyUnknown)
	if ask {
		t.asked, t.err = true, failure // is so until there is an answer
		t.tell()
	}
	t.mu.Unlock()
	if !ask {
		return l, failure
	}
	return try(true, "INFO")
}

// ssh is an ssh command.
func (t *Tunnel) ssh(asks bool, arguments []string) *exec.Cmd {
	askpass := ""
	if asks {
		askpass = t.options.Askpass
	}
	cmd := exec.Command(t.options.Program, arguments...)
	cmd.Env = environment(askpass)
	return cmd
}

// pipe connects through a command on the box.
func (t *Tunnel) pipe(ctx context.Context, ssh func(arguments ...string) *exec.Cmd, stdio []string) (*piped, error) {
	if len(stdio) == 0 {
		return nil, t.destination.fail(ForwardingForbidden, "")
	}
	if err := acquire(ctx, t.stdios); err != nil {
		return nil, err
	}
	conn, err := newPiped(t.destination, ssh(append(t.destination.arguments(), quoted(stdio))...), &t.traffic, func() { <-t.stdios })
	if err != nil {
		<-t.stdios
		return nil, t.destination.notStarted(err)
	}
	return conn, nil
}

// Doubt asks the box whether the connection lives, and makes a new one if no answer
// comes within 1.5 seconds. It does not wait for that. Call it when an answer is overdue,
// and when the computer wakes up or changes its network: without a connection, the next
// login is at once.
func (t *Tunnel) Doubt() {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.link
	switch {
	case t.closed:
	case l == nil:
		t.atOnce()
	case t.doubting.CompareAndSwap(false, true):
		t.work.Go(func() {
			defer t.doubting.Store(false)
			t.doubt(l)
		})
	}
}

// impatient calls Doubt unless stop is called soon.
func (t *Tunnel) impatient() (stop func()) {
	timer := time.AfterFunc(doubtTime, t.Doubt)
	return func() { timer.Stop() }
}

// atOnce ends a pause between logins. It holds mu.
func (t *Tunnel) atOnce() {
	var failure *Error
	if errors.As(t.err, &failure) && failure.Kind.lasting() {
		return
	}
	t.next, t.pause = time.Now(), firstPause
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

// Retry tries again at once, whatever failed: a person has done something about it.
func (t *Tunnel) Retry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link == nil {
		t.err, t.asked = nil, false
		t.atOnce()
	}
}

func (t *Tunnel) doubt(l link) {
	heard, sent := t.traffic.heard.Load(), t.traffic.sent.Load()
	ctx, cancel := context.WithTimeout(t.ctx, doubtTime)
	defer cancel()
	err := l.alive(ctx)
	// An answer can be late behind much else.
	busy := t.traffic.heard.Load() != heard || t.traffic.sent.Load()-sent >= muchSent
	if err == nil || busy || t.ctx.Err() != nil {
		return
	}
	t.options.Log.Info("the box does not answer", "error", err)
	failure := t.destination.fail(TimedOut, "")
	t.leave(l, failure) // who hears of the end asks for the next link
	l.kill(failure)
}

// Status returns how the tunnel is.
func (t *Tunnel) Status() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Status{Connected: t.link != nil, Since: t.since, Err: t.err}
}

// Changed returns a channel that is closed when the status next changes. Get it before
// the status, to miss nothing.
func (t *Tunnel) Changed() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// Close ends ssh, and removes the sockets.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	t.link = nil
	t.cancel()
	t.tell()
	t.mu.Unlock()
	t.work.Wait()
	if t.dir == nil {
		return nil
	}
	return t.dir.remove()
}

// proven has targets.
type proven struct {
	mu      sync.Mutex
	targets map[string]bool
}

func (p *proven) is(target string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.targets[target]
}

func (p *proven) set(target string, is bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.targets == nil {
		p.targets = map[string]bool{}
	}
	p.targets[target] = is
}
