//go:build unix

package main

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// TestNoHome: the account has one.
func TestNoHome(t *testing.T) {
	account, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range [][]string{{}, {"HOME="}, {"HOME=relative"}} {
		c := &terminal{t: t, env: env}
		want := filepath.Join(account.HomeDir, ".config", "colab-tray", "config.toml") + "\n"
		if runtime.GOOS == "darwin" {
			want = filepath.Join(account.HomeDir, "Library", "Application Support", "colab-tray", "config.toml") + "\n"
		}
		if out, _ := c.run(0, "config", "path"); out != want {
			t.Errorf("with %q: %q, want %q", env, out, want)
		}
	}
}

func TestNoPermission(t *testing.T) {
	engine := testenv.Engine(t)
	testenv.Need(t, "root, to be somebody without permission", os.Getuid() == 0)
	c := &terminal{t: t, env: []string{"HOME=/nonexistent", "DOCKER_HOST=" + engine}}
	if err := os.Chmod(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := c.command(t.Context(), "status")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	has(t, string(out), "You may not use Docker", "usermod -aG docker")
}
