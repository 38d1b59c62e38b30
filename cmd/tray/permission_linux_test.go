package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// TestPermissionComesAndGoes: an engine that comes back with a socket which the person
// may not use is told, and one that is theirs again is used, by a program that goes on.
func TestPermissionComesAndGoes(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "root, to become somebody else", os.Geteuid() == 0)
	const otherUser = 54321
	engine := testenv.NewFaultyEngine(t, testenv.Engine(t))
	socket := strings.TrimPrefix(engine.Host(), "unix://")
	home, err := os.MkdirTemp("/tmp", "permission") // others may not enter the test's directories
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	copied := filepath.Join(home, "program")
	text, err := os.ReadFile(program)
	if err := errors.Join(
		err, os.WriteFile(copied, text, 0o755), os.Chown(home, otherUser, otherUser),
		os.Chmod(filepath.Dir(socket), 0o755), os.Chmod(socket, 0o666),
	); err != nil {
		t.Fatal(err)
	}
	c := newTerminalAt(t, engine.Host(), "permission", testenv.Notebook6)
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"} {
		c.set(name + "=" + home)
	}
	watch := c.command(t.Context(), "status", "--watch", "--json")
	watch.Path = copied
	watch.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
	stdout, err := watch.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	until := func(state, code string) {
		t.Helper()
		for lines.Scan() {
			var line struct {
				State   string
				Problem struct{ Code string }
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("%v in %s", err, lines.Text())
			}
			if line.State == state && line.Problem.Code == code {
				return
			}
		}
		t.Fatalf("%s with the problem %q was not shown", state, code)
	}
	until("absent", "")
	struck := engine.Expect(testenv.Dies, 1)
	_ = exec.Command("docker", "--host", engine.Host(), "ps").Run() // a request that it dies of
	<-struck
	engine.Heal() // with a socket that is root's
	until("noengine", "permission-denied")
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	until("absent", "")
	if err := watch.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := watch.Wait(); err != nil {
		t.Errorf("ended by Ctrl-C, it returned %v", err)
	}
}
