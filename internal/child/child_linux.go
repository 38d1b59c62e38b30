package child

import (
	"os/exec"
	"syscall"
)

// ofItsOwn gives a command a session of its own: it has no terminal to ask at, Ctrl-C in
// ours does not reach it, and its children can be ended with it. It ends with the thread
// that starts it.
func ofItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
}
