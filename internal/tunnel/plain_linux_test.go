package tunnel

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

// newPlainRig is a rig as on Windows, whose ssh has no master.
func newPlainRig(t *testing.T, change ...func(*rig, *Options)) *rig {
	t.Helper()
	r := newRig(t, change...)
	r.plain, r.stdio = true, relayed(r.path)
	return r
}

func TestPlain(t *testing.T) {
	t.Parallel()
	r := newPlainRig(t)
	conn := r.socket(t)
	answers(t, conn)
	var ports []net.Conn
	for range 3 {
		port, err := r.DialPort(within(t), r.port)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = port.Close() })
		answers(t, port)
		ports = append(ports, port)
	}
	if out, err := r.Output(within(t), "echo", "two words"); err != nil || out != "two words\n" {
		t.Errorf("a command said %q (%v)", out, err)
	}
	// One ssh is for the socket, and one for all connections to the port.
	r.wantLogins(t, 2)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, port := range ports {
		ends(t, port)
	}
	_ = conn.Close()
	r.wantLogins(t, 0)
}

// TestPlainRepair: each connection is one of its own, and the next one is served.
func TestPlainRepair(t *testing.T) {
	t.Parallel()
	r := newPlainRig(t)
	for _, cut := range []func(){func() { r.box.Kill(t) }, func() { r.box.Restart(t) }, func() {
		r.box.Stop(t)
		r.Doubt()
	}} {
		conn := r.socket(t)
		answers(t, conn)
		port, err := r.DialPort(within(t), r.port)
		if err != nil {
			t.Fatal(err)
		}
		answers(t, port)
		cut()
		ends(t, conn)
		ends(t, port)
		_, _ = conn.Close(), port.Close()
	}
	r.box.Continue(t)
	answers(t, r.socket(t))
}

func TestPlainFails(t *testing.T) {
	t.Parallel()
	r := newPlainRig(t)
	r.box.Forget(t)
	_, err := r.DialPort(within(t), r.port)
	wantKind(t, err, HostKeyUnknown)
	r.box.Trust(t)
	r.Retry()
	answers(t, r.socket(t))
	// It fails later: that is found out by who dials.
	r.box.Deny(t)
	_, err = r.DialPort(within(t), r.port)
	if failure := wantKind(t, err, PermissionDenied); !strings.Contains(failure.Text, "Permission denied") {
		t.Errorf("got %q", failure.Text)
	}
	if status := r.Status(); status.Connected || !errors.Is(status.Err, err) {
		t.Errorf("it is %+v", status)
	}
}

// TestPlainOwnConfiguration: what the person's configuration forwards from a port that is
// taken does not matter.
func TestPlainOwnConfiguration(t *testing.T) {
	t.Parallel()
	r := newPlainRig(t)
	taken := listen(t, "tcp", "127.0.0.1:0").Addr().(*net.TCPAddr).Port
	r.box.Configure(t, fmt.Sprintf("LocalForward %d 127.0.0.1:1\nExitOnForwardFailure yes\nControlMaster auto\nControlPath %s", taken, r.path+".theirs"))
	port, err := r.DialPort(within(t), r.port)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, port)
	answers(t, r.socket(t))
}
