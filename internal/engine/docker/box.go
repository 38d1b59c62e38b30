package docker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path"
	"strings"
	"sync"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/tunnel"
)

// box is a machine that is reached over ssh, and its engine.
type box struct {
	*tunnel.Share
	address     string // as in [endpoint.host]
	destination tunnel.Destination

	mu     sync.Mutex
	socket string // the engine's socket on the box; empty until it is found
}

// logins are those to all boxes: engines on one box have one in common.
var logins tunnel.Pool

// newBox returns the box at an address of ssh, without connecting to it.
func newBox(address string, log *slog.Logger) (*box, error) {
	destination, err := tunnel.ParseDestination(address)
	if err != nil {
		return nil, err
	}
	return &box{
		address: address, destination: destination, socket: destination.SocketPath(),
		Share: logins.Open(destination, tunnel.Options{Dir: config.RuntimeDir(), Log: log, Askpass: askpass()}),
	}, nil
}

// boxes has the box that an engine is on, or none.
type boxes struct {
	mu    sync.Mutex
	box   *box
	moved chan struct{} // closed when the engine moves to a box; nil while nobody waits
}

func (bs *boxes) now() *box {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	return bs.box
}

// at returns the box in use if it is that of an address.
func (bs *boxes) at(address string) *box {
	if b := bs.now(); b != nil && b.address == address {
		return b
	}
	return nil
}

// use returns the box at an address, and leaves another one.
func (bs *boxes) use(address string, log *slog.Logger) (*box, error) {
	if b := bs.at(address); b != nil {
		return b, nil
	}
	b, err := newBox(address, log)
	if err != nil {
		return nil, err
	}
	return b, bs.replace(b)
}

// leave closes the connection to the box, if there is one.
func (bs *boxes) leave() error { return bs.replace(nil) }

func (bs *boxes) replace(b *box) error {
	bs.mu.Lock()
	before := bs.box
	bs.box = b
	if b != nil && bs.moved != nil {
		close(bs.moved)
		bs.moved = nil
	}
	bs.mu.Unlock()
	if before == nil {
		return nil
	}
	return before.Close()
}

// loginAnew leaves the box if the last login is some time ago, for one of its own: what
// groups an account belongs to counts from the next login on.
func (bs *boxes) loginAnew() {
	b := bs.now()
	if b == nil {
		return
	}
	if s := b.Status(); s.Connected && time.Since(s.Since) >= regroupTime {
		b.Outdate()
		_ = bs.leave()
	}
}

// regroupTime is how long a login that may not use the engine is kept.
const regroupTime = 30 * time.Second

// ConnectionStatus implements [engine.Connection]. The connection to an engine that is
// not on a box never stood.
func (d *Engine) ConnectionStatus() (connected bool, since time.Time) {
	b := d.boxes.now()
	if b == nil {
		return false, time.Time{}
	}
	s := b.Status()
	return s.Connected, s.Since
}

// ConnectionChanged implements [engine.Connection].
func (d *Engine) ConnectionChanged() <-chan struct{} {
	d.boxes.mu.Lock()
	defer d.boxes.mu.Unlock()
	if d.boxes.box != nil {
		return d.boxes.box.Changed()
	}
	if d.boxes.moved == nil {
		d.boxes.moved = make(chan struct{})
	}
	return d.boxes.moved
}

// RetryConnection implements [engine.Connection].
func (d *Engine) RetryConnection() {
	if b := d.boxes.now(); b != nil {
		b.Retry()
	}
}

// RunThere implements [engine.Remote].
func (d *Engine) RunThere(ctx context.Context, command ...string) (string, error) {
	b := d.boxes.now()
	if b == nil {
		return "", engine.ErrLacks
	}
	return b.Output(ctx, command...)
}

// askpass returns the program with which ssh asks the person for a password; empty
// where there is none, or no desktop to ask on.
func askpass() string {
	if program := os.Getenv("SSH_ASKPASS"); program != "" {
		return program
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return ""
	}
	for _, name := range []string{"ssh-askpass", "ksshaskpass", "/usr/lib/ssh/ssh-askpass", "/usr/libexec/openssh/gnome-ssh-askpass"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

// dialStdio is the command that connects to the engine where the box forwards no
// sockets.
func dialStdio(socket string) []string {
	if socket == "" {
		return []string{"sh", "-c", `command -v docker >/dev/null && exec docker system dial-stdio; exec podman system dial-stdio`}
	}
	return []string{"docker", "--host", "unix://" + socket, "system", "dial-stdio"}
}

// usualSocket is the socket of root's Docker on Linux.
const usualSocket = "/var/run/docker.sock"

// listSockets prints the sockets of engines that the account on the box may use, first
// the one that its docker command uses.
const listSockets = `run=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
docker=$(docker context inspect --format "{{.Endpoints.docker.Host}}" 2>/dev/null)
for socket in "${docker#unix://}" "$run/docker.sock" "$run/podman/podman.sock" /run/podman/podman.sock
do [ -S "$socket" ] && [ -w "$socket" ] && echo "$socket"; done; true`

// dial connects to the engine.
func (b *box) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	b.mu.Lock()
	socket := b.socket
	b.mu.Unlock()
	ctx = untraced{ctx}
	if socket != "" {
		conn, err := b.dialSocket(ctx, socket)
		if !isAbsent(err) || b.destination.SocketPath() != "" {
			return b.doubted(conn, err)
		}
	}
	conn, socket, err := b.find(ctx)
	if err == nil {
		b.mu.Lock()
		b.socket = socket
		b.mu.Unlock()
	}
	return b.doubted(conn, err)
}

// dialSocket connects to a socket of the box or, where the box forwards none, to the engine.
func (b *box) dialSocket(ctx context.Context, socket string) (net.Conn, error) {
	return b.DialSocket(ctx, socket, dialStdio(b.destination.SocketPath())...)
}

// find connects to the first engine that answers: at the usual socket, else where the
// box tells. The error is that of the usual socket.
func (b *box) find(ctx context.Context) (conn net.Conn, socket string, err error) {
	conn, err = b.dialSocket(ctx, usualSocket)
	if !isAbsent(err) {
		return conn, usualSocket, err
	}
	sockets, askErr := b.sockets(ctx)
	if askErr != nil {
		return nil, "", errors.Join(err, askErr)
	}
	for _, socket := range sockets {
		if conn, err := b.dialSocket(ctx, socket); err == nil {
			return conn, socket, nil
		}
	}
	return nil, "", err
}

// sockets returns what the box tells of its engines' sockets.
func (b *box) sockets(ctx context.Context) (paths []string, err error) {
	const most = 4
	told, err := b.Output(ctx, "sh", "-c", listSockets)
	for line := range strings.Lines(told) {
		if socket := strings.TrimSuffix(line, "\n"); path.IsAbs(socket) && len(paths) < most {
			paths = append(paths, socket)
		}
	}
	return paths, err
}

// isAbsent reports whether nobody can be talked to at a socket of the box.
func isAbsent(err error) bool {
	var failure *tunnel.Error
	return errors.As(err, &failure) && (failure.Kind == tunnel.SocketMissing || failure.Kind == tunnel.SocketDenied)
}

// boxRoute is the route to a port that is published on the box.
type boxRoute struct {
	box  *box
	port int
}

// Dial implements [engine.Route].
func (r boxRoute) Dial(ctx context.Context) (net.Conn, error) {
	return r.box.doubted(r.box.DialPort(ctx, r.port))
}

// Close implements [engine.Route].
func (boxRoute) Close() error { return nil }

// dialError is an error of ssh in words that the Docker client does not replace by its
// own: it knows "connection refused".
type dialError struct {
	address string
	err     error
}

func (e *dialError) Error() string { return "no connection by way of " + e.address }

func (e *dialError) Unwrap() error { return e.err }

// again does something that the end of the connection to the box may have broken off:
// once more, if there is another connection soon. Without a box it is done once.
func (b *box) again(ctx context.Context, do func() error) error {
	if b == nil {
		return do()
	}
	for {
		changed := b.Changed()
		err := do()
		if err == nil || !isBrokenOff(err) || isSSH(err) {
			return err
		}
		b.Doubt()
		select {
		case <-changed:
		case <-time.After(2 * tunnel.FirstDoubt):
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// isBrokenOff reports whether a connection failed or ended, be it in the middle of an answer.
func isBrokenOff(err error) bool {
	return isConnectionFailure(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isSSH reports whether ssh itself failed.
func isSSH(err error) bool {
	var failure *tunnel.Error
	return errors.As(err, &failure)
}

// untraced hides what a context has of the request that is under way: the connection to
// ssh is none to the engine.
type untraced struct{ context.Context }

func (untraced) Value(any) any { return nil }

// doubted makes a connection doubt the tunnel when nothing answers what was sent.
func (b *box) doubted(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, &dialError{b.address, err}
	}
	return tunnel.Doubted(conn, b.Doubt), nil
}
