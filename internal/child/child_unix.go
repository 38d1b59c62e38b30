//go:build !windows

package child

import (
	"os/exec"
	"syscall"
)

func startWithParent(cmd *exec.Cmd) (release func(), err error) { return func() {}, cmd.Start() }

// Ask asks the child to end.
func (c *Child) Ask() { _ = c.cmd.Process.Signal(syscall.SIGTERM) }

// Kill ends the child and its own children at once. Nobody has taken its process id
// while it has not been waited for.
func (c *Child) Kill() {
	select {
	case <-c.ended:
	default:
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	}
}
