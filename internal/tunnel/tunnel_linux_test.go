package tunnel

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

func TestDial(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if status := r.Status(); status.Connected || status.Err != nil {
		t.Errorf("it begins as %+v", status)
	}
	if _, err := os.Stat(r.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it has done something before it was asked to: %v", err)
	}
	conn := r.socket(t)
	answers(t, conn)
	port, err := r.DialPort(within(t), r.port)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, port)
	if status := r.Status(); !status.Connected || status.Err != nil {
		t.Errorf("connected, it is %+v", status)
	}
	// The other side sees the end of what is sent, and can still answer.
	for _, conn := range []net.Conn{conn, port} {
		if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
			t.Errorf("after the end it answered %q (%v)", rest, err)
		}
	}
	if r.traffic.endedLately() {
		t.Error("what this side ended counts as the beginning of the end of ssh")
	}
	r.wantLogins(t, 1)
	// Nobody else can get at the sockets.
	sockets := 0
	err = filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 && d.Name() != lockName {
			t.Errorf("%s is %v", path, info.Mode())
		}
		if d.Type() == fs.ModeSocket {
			sockets++
		}
		return err
	})
	if err != nil || sockets < 3 {
		t.Errorf("there are %d sockets (%v)", sockets, err)
	}
}

// hard are words with a meaning to shells.
var hard = []string{"", "plain", "two words", `it's`, `back\slash`, `\\`, `\'`, `$HOME`, "`id`", `!x`, "a;b", "*", "line\nline", "ü", "~", `"`, "{a,b}", "#x"}

// TestQuoted: the box can have another shell than sh.
func TestQuoted(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"sh", "bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			testenv.NeedCommand(t, shell)
			line := quoted(append([]string{"printf", "<%s>"}, hard...))
			out, err := exec.Command(shell, "-c", line).CombinedOutput()
			if want := "<" + strings.Join(hard, "><") + ">"; err != nil || string(out) != want {
				t.Errorf("%s\nbecame %s (%v)\nwant   %s", line, out, err, want)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, word := range []string{"", "plain", strings.Join(hard, "-")} {
		got, err := r.Output(within(t), "printf", "%s", word)
		if err != nil || got != word {
			t.Errorf("%q came back as %q (%v)", word, got, err)
		}
	}
	if _, err := r.Output(within(t), "sh", "-c", "echo no >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "exit status 3: no") {
		t.Errorf("a command that fails: %v", err)
	}
	if out, err := r.Output(within(t), "yes"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("of an endless output %d bytes came back (%v)", len(out), err)
	}
	_, err := r.Output(within(t), "no-such-command-of-ours")
	wantKind(t, err, NoCommand)
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, err := r.DialSocket(within(t), r.path+"-not")
	wantKind(t, err, SocketMissing)
	if _, err := r.DialPort(within(t), testenv.FreePort(t)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a port at which nobody listens: %v", err)
	}
	answers(t, r.socket(t))
}
