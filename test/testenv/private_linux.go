package testenv

import (
	"os/exec"
	"syscall"
)

// endWithParent makes the kernel end the command when the test's process dies.
func endWithParent(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	}
}

// ofItsOwn starts the command in a session of its own, which signals to the test run do
// not reach.
func ofItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
