//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"colabtray/test/bed"
)

func TestNoPermission(t *testing.T) {
	engine := bed.Engine(t)
	bed.Need(t, "root, to be somebody without permission", os.Getuid() == 0)
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
