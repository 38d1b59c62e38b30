//go:build !windows

package install

import "os/exec"

// hideWindow does nothing: a command opens no window here.
func hideWindow(*exec.Cmd) {}
