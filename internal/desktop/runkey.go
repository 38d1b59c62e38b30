package desktop

import "strings"

// Windows starts at login the commands that are values of the key Run of the
// person's registry. Its settings switch one off in the value of the same name
// of the key StartupApproved\Run.

// runCommand makes a command line of the path of a program.
func runCommand(program string) string { return `"` + program + `"` }

// runProgram returns the program that a command line of the key Run starts.
func runProgram(command string) string {
	command = strings.TrimSpace(command)
	if rest, quoted := strings.CutPrefix(command, `"`); quoted {
		program, _, _ := strings.Cut(rest, `"`)
		return program
	}
	program, _, _ := strings.Cut(command, " ")
	return program
}

// startupApproved reads a value of the key StartupApproved: 12 bytes, of which
// the first is odd for what the person has switched off. None is as good as
// one that is on.
func startupApproved(value []byte) bool { return len(value) == 0 || value[0]&1 == 0 }
