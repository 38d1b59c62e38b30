package desktop

import (
	"os/exec"

	"golang.org/x/sys/windows"
)

// openText opens a file in the program for its type, or in Notepad where there is none.
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
