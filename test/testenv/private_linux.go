package testenv

import (
	"os/exec"
	"syscall"
)

// endWithParent has the kernel end the command when a test run is killed.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}

// ofItsOwn keeps the command from what ends a test run.
func ofItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
