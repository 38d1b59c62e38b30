package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"colabtray/test/testenv"

	"go.uber.org/goleak"
)

// rig is a tunnel to a box, and an echo server at a socket and at a port of the box.
type rig struct {
	*Tunnel
	box    *testenv.Box
	dir    string
	path   string
	port   int
	stdio  []string   // to the socket, if the box forwards none
	opened func() int // connections that the servers have accepted
}

// newRig makes a tunnel that has not connected yet.
func newRig(t *testing.T, change ...func(*rig, *Options)) *rig {
	t.Helper()
	testenv.Takes(t, "an ssh has to log in")
	box := testenv.SSHD(t)
	r := &rig{box: box, dir: filepath.Join(shortDir(t), "ssh")}
	r.path = filepath.Join(filepath.Dir(r.dir), "engine.sock")
	unix, tcp := listen(t, "unix", r.path), listen(t, "tcp", "127.0.0.1:0")
	r.port = tcp.Addr().(*net.TCPAddr).Port
	var mu sync.Mutex
	n := 0
	r.opened = func() int { mu.Lock(); defer mu.Unlock(); return n }
	for _, l := range []net.Listener{unix, tcp} {
		echo(t, l, func() { mu.Lock(); defer mu.Unlock(); n++ })
	}
	d, err := ParseDestination(box.Address() + r.path)
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Dir: r.dir, Program: box.Program()}
	for _, f := range change {
		f(r, &options)
	}
	r.Tunnel = New(d, options)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if r.plain {
			return
		}
		// Nothing of ours is left.
		if left, _ := filepath.Glob(filepath.Join(r.dir, prefix+"*")); len(left) > 0 {
			t.Errorf("%q are left", left)
		}
	})
	return r
}

// shortDir is a directory with a path that is short enough for sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "tun")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// echo answers with what it gets, until the listener is closed.
func echo(t *testing.T, l net.Listener, accepted func()) {
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted()
			all.Go(func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
	})
}

// within is a context that only ends when something is broken.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// socket connects to the socket of the box.
func (r *rig) socket(t *testing.T) net.Conn {
	t.Helper()
	conn, err := r.DialSocket(within(t), r.path, r.stdio...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answers wants back what it sends.
func answers(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := ask(conn); err != nil {
		t.Fatal(err)
	}
}

func ask(conn net.Conn) error {
	const text = "hello"
	if _, err := io.WriteString(conn, text); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil {
		return err
	}
	if string(got) != text {
		return errors.New("another answer: " + string(got))
	}
	return nil
}

// ends waits until a connection ends.
func ends(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Log("the connection ended by", err)
	}
}

// wantKind wants an error of a kind.
func wantKind(t *testing.T, err error, kind Kind) *Error {
	t.Helper()
	var failure *Error
	if !errors.As(err, &failure) || failure.Kind != kind {
		t.Fatalf("got %v, want %v", err, kind)
	}
	return failure
}

// wantLogins waits until the box has so many connections: one that has ended can take a
// moment.
func (r *rig) wantLogins(t *testing.T, want int) {
	t.Helper()
	testenv.WaitFor(t, "the box's connections", func() error {
		if n := r.box.Connections(); n != want {
			return fmt.Errorf("there are %d, want %d", n, want)
		}
		return nil
	})
}

// reaches waits until the status is as wanted.
func (r *rig) reaches(t *testing.T, what string, wanted func(Status) bool) Status {
	t.Helper()
	ctx := within(t)
	for {
		changed := r.Changed()
		status := r.Status()
		if wanted(status) {
			return status
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the tunnel was never %s, but %+v", what, status)
		}
	}
}

// relayTo is the variable by which this program becomes a command on the box that
// connects its standard input and output with a socket, as docker system dial-stdio
// does.
const relayTo = "COLAB_TRAY_TEST_RELAY_TO"

func TestMain(m *testing.M) {
	if path := os.Getenv(relayTo); path != "" {
		relay(path)
		return
	}
	if dir := os.Getenv(diesIn); dir != "" {
		die(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func relay(path string) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.UnixConn).CloseWrite()
	}()
	_, _ = io.Copy(os.Stdout, conn)
}

// relayed is the command for the relay.
func relayed(path string) []string { return []string{"env", relayTo + "=" + path, os.Args[0]} }

// recorded is a program that notes its arguments, and part of its environment, and then
// is ssh.
func recorded(t *testing.T, ssh string) (program, record string) {
	t.Helper()
	dir := t.TempDir()
	program, record = filepath.Join(dir, "ssh"), filepath.Join(dir, "record")
	text := fmt.Sprintf("#!/bin/sh\n{ printf '%%s\\n' \"$*\"; env | grep -E '^(LC_ALL|SSH_ASKPASS)' | sort | sed 's/^/env /'; } >> %s\nexec %s \"$@\"\n", record, ssh)
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, record
}
