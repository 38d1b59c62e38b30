package desktop

import (
	"os"
	"path/filepath"
	"strings"
)

// Windows starts at login the commands that are values of the key Run in the person's
// registry. When the person switches a command off, Windows' settings record that in
// the value of the same name of the key StartupApproved\Run.

// runCommand returns the command line that starts a program.
func runCommand(program string) string { return `"` + program + `"` }

// windowProgram is the same program as colab-tray.exe, linked for the desktop: Windows
// opens no console for it, not even for a moment.
const windowProgram = "Colab Tray.exe"

// withoutConsole returns the program to start at login: the one for the desktop where
// it lies beside the given one.
func withoutConsole(program string) string {
	beside := filepath.Join(filepath.Dir(program), windowProgram)
	if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
		return beside
	}
	return program
}

// runProgram returns the program that a command line starts.
func runProgram(command string) string {
	command = strings.TrimSpace(command)
	if rest, quoted := strings.CutPrefix(command, `"`); quoted {
		program, _, _ := strings.Cut(rest, `"`)
		return program
	}
	program, _, _ := strings.Cut(command, " ")
	return program
}

// startupApproved reports whether a value of the key StartupApproved\Run means "on".
// The value has 12 bytes, and the first byte is odd if the person has switched the
// command off. A missing value means "on".
func startupApproved(value []byte) bool { return len(value) == 0 || value[0]&1 == 0 }
