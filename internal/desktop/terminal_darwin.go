package desktop

import (
	"os/exec"
	"strings"

	"colabtray/internal/config"
)

// terminalCommand lets Terminal.app run a command line. The line is an argument of the
// script, so that it needs no quotes of AppleScript.
func terminalCommand(command []string) *exec.Cmd {
	var words []string
	for _, word := range command {
		words = append(words, config.ShellWord(word))
	}
	return exec.Command("osascript",
		"-e", "on run argv",
		"-e", `tell application "Terminal"`,
		"-e", "activate",
		"-e", "do script (item 1 of argv)",
		"-e", "end tell",
		"-e", "end run",
		"exec "+strings.Join(words, " "))
}
