package install

import (
	"os/exec"

	"golang.org/x/sys/windows"
)

// hideWindow keeps a command of the console from opening one.
func hideWindow(cmd *exec.Cmd) {
	cmd.SysProcAttr = &windows.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
}
