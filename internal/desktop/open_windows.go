package desktop

import (
	"os/exec"

	"golang.org/x/sys/windows"
)

// openText asks for the program that the file's type belongs to, and takes
// Notepad where it belongs to none.
func openText(path string) error {
	file, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	if windows.ShellExecute(0, nil, file, nil, nil, windows.SW_SHOWNORMAL) == nil {
		return nil
	}
	return exec.Command("notepad.exe", path).Start()
}
