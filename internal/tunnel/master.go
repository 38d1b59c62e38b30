package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"colabtray/internal/child"
)

// master is an ssh that has logged in, and takes forwards and sessions through its
// control socket.
type master struct {
	t      *Tunnel
	child  *child.Child
	says   *said
	killed atomic.Pointer[Error] // why we ended it

	// changing is held by who adds a forward, and asking by who finds out what becomes of
	// a connection. Both can be waited for with a context.
	changing, asking chan struct{}
	forwards         map[string]string // socket by target; changing guards it
}

// loginTime bounds a login, in which nobody or somebody is asked: ssh itself bounds only
// its beginning.
func loginTime(asks bool) time.Duration {
	if asks {
		return 3 * time.Minute
	}
	return 30 * time.Second
}

// startMaster logs in.
func (t *Tunnel) startMaster(ctx context.Context, asks bool, level string) (*master, error) {
	if err := t.dir.clear(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, loginTime(asks))
	defer cancel()
	arguments := append([]string{"-M", "-N", "-S", t.dir.name(control)}, login(asks, level)...)
	arguments = append(arguments, "-o", "StreamLocalBindUnlink=yes", "-o", "StreamLocalBindMask=0177")
	cmd := t.ssh(asks, append(arguments, t.destination.arguments()...))
	says, err := listenTo(cmd)
	if err != nil {
		return nil, err
	}
	process, err := child.Start(cmd)
	if err != nil {
		says.close()
		return nil, t.destination.notStarted(err)
	}
	says.begin()
	t.work.Go(func() {
		<-process.Ended()
		says.close()
	})
	// ssh makes its control socket once it has logged in.
	for pause := 2 * time.Millisecond; ; pause = min(pause*5/4, 50*time.Millisecond) {
		if _, err := os.Lstat(t.dir.name(control)); err == nil {
			return &master{
				t: t, child: process, says: says, forwards: map[string]string{},
				changing: make(chan struct{}, 1), asking: make(chan struct{}, 1),
			}, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-process.Ended():
			timer.Stop()
			return nil, t.destination.failure(says.Since(0))
		case <-ctx.Done():
			timer.Stop()
			process.Kill()
			<-process.Ended()
			return nil, t.destination.fail(TimedOut, says.Since(0))
		case <-timer.C:
		}
	}
}

// through is an ssh command for the master. The person's configuration is the master's
// alone. Without the master it fails instead of logging in.
func (m *master) through(arguments ...string) *exec.Cmd {
	all := []string{"-F", os.DevNull, "-S", m.t.dir.name(control), "-T", "-o", "BatchMode=yes", "-o", "ProxyCommand=false"}
	return m.t.ssh(false, append(all, arguments...))
}

func (m *master) done() <-chan struct{} { return m.child.Ended() }

func (m *master) reason() error {
	if killed := m.killed.Load(); killed != nil {
		return killed
	}
	return m.t.destination.failure(m.says.Since(0))
}

func (m *master) kill(reason *Error) {
	m.killed.CompareAndSwap(nil, reason)
	m.child.Kill()
}

func (m *master) close() { m.child.End() }

// acquire takes a place in a semaphore.
func acquire(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// forward makes the master forward a target, and returns the socket that leads there.
func (m *master) forward(ctx context.Context, target string) (string, error) {
	if err := acquire(ctx, m.changing); err != nil {
		return "", err
	}
	defer func() { <-m.changing }()
	if socket, is := m.forwards[target]; is {
		return socket, nil
	}
	socket := m.t.dir.name(fmt.Sprintf("s%d", len(m.forwards)+1))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	arguments := append([]string{"-O", "forward", "-L", socket + ":" + target}, m.t.destination.arguments()...)
	if _, err := output(ctx, m.t.destination, m.through(arguments...)); err != nil {
		return "", err
	}
	m.forwards[target] = socket
	return socket, nil
}

// dial connects to a target. ssh accepts the connection before the box does.
func (m *master) dial(ctx context.Context, target string) (*net.UnixConn, error) {
	socket, err := m.forward(ctx, target)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}

// nowhere is a socket that no box has. A connection to it ends with the box's answer,
// whatever the box allows, and without running anything there.
const nowhere = "/colab-tray/is/this/connection/alive"

// alive waits for an answer of the box.
func (m *master) alive(ctx context.Context) error {
	conn, err := m.dial(ctx, nowhere)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	switch _, err := conn.Read(make([]byte, 1)); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.EOF):
		return nil
	default:
		return errGone // ssh ends without having taken the connection
	}
}

// open connects to a target. The first connection to one waits until it is known whether
// the box made it; refused tells what ssh said if not. So does one just after another one
// ended: that can be the beginning of the end of ssh, which still accepts connections.
func (m *master) open(ctx context.Context, target string) (conn net.Conn, refused string, err error) {
	if m.t.proven.is(target) && !m.t.traffic.endedLately() {
		c, err := m.dial(ctx, target)
		if err != nil {
			return nil, "", err
		}
		return m.counted(c, target), "", nil
	}
	if err := acquire(ctx, m.asking); err != nil {
		return nil, "", err
	}
	defer func() { <-m.asking }()
	defer m.t.impatient()()
	mark := m.says.Mark()
	c, err := m.dial(ctx, target)
	if err != nil {
		return nil, "", err
	}
	// The box answers in turn. By the second answer, ssh has also closed a connection
	// that was refused, and the box knows whether its own was.
	const answers = 2
	for range answers {
		if err := m.alive(ctx); err != nil {
			_ = c.Close()
			return nil, "", err
		}
	}
	said := m.says.Since(mark)
	switch closed := ended(c); {
	case closed && strings.Count(said, ": open failed: ") > answers:
		_ = c.Close()
		return nil, said, nil
	case !closed:
		m.t.proven.set(target, true)
	}
	return m.counted(c, target), "", nil
}

// counted is a connection whose bytes count. One that ends in silence can have been
// refused: the next one finds out.
func (m *master) counted(c *net.UnixConn, target string) net.Conn {
	return &forwarded{UnixConn: c, traffic: &m.t.traffic, silent: func() { m.t.proven.set(target, false) }}
}

// ended reports whether the other side has closed a connection, and sent nothing.
func ended(c *net.UnixConn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	n := -1
	_ = raw.Read(func(fd uintptr) bool {
		n, err = peekNow(fd)
		return true
	})
	return n == 0 || err != nil && !errors.Is(err, syscall.EAGAIN)
}

func (m *master) socket(ctx context.Context, path string, stdio []string) (net.Conn, error) {
	if m.t.stdio.Load() {
		return m.piped(ctx, stdio)
	}
	conn, said, err := m.open(ctx, path)
	if err != nil || conn != nil {
		return conn, err
	}
	if failure := m.whyNot(ctx, path, said); failure.Kind != ForwardingForbidden || len(stdio) == 0 {
		return nil, failure
	}
	m.t.stdio.Store(true)
	return m.piped(ctx, stdio)
}

// piped connects through the standard input and output of a command on the box.
func (m *master) piped(ctx context.Context, stdio []string) (net.Conn, error) {
	conn, err := m.t.pipe(ctx, m.through, stdio)
	if err != nil {
		return nil, err // no connection that is nil
	}
	return conn, nil
}

func (m *master) port(ctx context.Context, port int) (net.Conn, error) {
	conn, said, err := m.open(ctx, fmt.Sprintf("127.0.0.1:%d", port))
	switch {
	case err != nil || conn != nil:
		return conn, err
	case kindOf(said) == Refused:
		return nil, &net.OpError{Op: "dial", Net: "ssh", Err: fmt.Errorf("port %d of %s: %w", port, m.t.destination, syscall.ECONNREFUSED)}
	default:
		return nil, m.t.destination.failure(said)
	}
}

// why is a script that tells why a socket cannot be reached. A box that forwards no
// sockets says the same as one on which nobody listens; the kernel tells who does.
const why = `if [ -S "$1" ] && [ -w "$1" ]; then
		[ -r /proc/net/unix ] || { echo listens; exit; }
		real=$(readlink -f "$1")
		while read -r n r p flags t s i path; do
			if [ "$flags" = 00010000 ] && { [ "$path" = "$1" ] || [ "$path" = "$real" ]; }; then echo listens; exit; fi
		done < /proc/net/unix
		echo silent; exit
	fi
	[ ! -S "$1" ] || { echo denied; exit; }
	d=$1
	while [ "$d" != / ]; do
		d=$(dirname "$d")
		if [ -d "$d" ]; then [ -x "$d" ] || { echo denied; exit; }; break; fi
	done
	echo missing`

// whyNot tells why the box did not connect to a socket.
func (m *master) whyNot(ctx context.Context, path, said string) *Error {
	fail := m.t.destination.fail
	found, err := m.run(ctx, []string{"sh", "-c", why, "sh", path})
	switch strings.TrimSpace(found) {
	case "listens":
		return fail(ForwardingForbidden, said)
	case "denied":
		return fail(SocketDenied, path)
	case "silent":
		return fail(SocketMissing, path+" (nobody listens)")
	case "missing":
		return fail(SocketMissing, path)
	default:
		m.t.options.Log.Debug("the box does not tell why", "error", err, "said", found)
		return fail(SocketMissing, said)
	}
}

func (m *master) run(ctx context.Context, words []string) (string, error) {
	if err := acquire(ctx, m.t.outputs); err != nil {
		return "", err
	}
	defer func() { <-m.t.outputs }()
	defer m.t.impatient()()
	return output(ctx, m.t.destination, m.through(append(m.t.destination.arguments(), quoted(words))...))
}
