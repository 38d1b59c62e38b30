//go:build !linux && !windows

package child

import (
	"os/exec"
	"syscall"
)

// ofItsOwn gives a command a session of its own: it has no terminal to ask at, Ctrl-C in
// ours does not reach it, and its children can be ended with it. Nothing here ends it
// when this program is killed: whoever starts it looks for what an earlier one left.
func ofItsOwn(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
