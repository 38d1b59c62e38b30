package desktop

import (
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// terminalCommand opens a window of Windows Terminal, or a console window where that is
// not installed.
func terminalCommand(command []string) *exec.Cmd {
	if path, err := exec.LookPath("wt.exe"); err == nil {
		arguments := []string{"new-tab", "--"}
		for _, word := range command {
			arguments = append(arguments, strings.ReplaceAll(word, ";", `\;`)) // it separates commands
		}
		return exec.Command(path, arguments...)
	}
	if len(command) == 0 {
		return new(exec.Cmd)
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_CONSOLE}
	return cmd
}
