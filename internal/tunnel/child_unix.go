//go:build !windows

package tunnel

import (
	"os/exec"
	"syscall"
)

func startWithParent(cmd *exec.Cmd) (release func(), err error) { return func() {}, cmd.Start() }

// ask asks the child to end.
func (c *child) ask() { _ = c.cmd.Process.Signal(syscall.SIGTERM) }

// kill ends the child and its own children at once. Nobody has taken its process id
// while it has not been waited for.
func (c *child) kill() {
	select {
	case <-c.ended:
	default:
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	}
}
