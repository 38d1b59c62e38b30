package desktop

import (
	"context"
	"os"
	"os/exec"
	"strings"
)

// copyByCommand passes the text to the first command that works: wl-copy for Wayland
// compositors that have neither a data-control protocol nor X11, xclip and xsel where
// our own connection to the X server fails.
func copyByCommand(ctx context.Context, text string) bool {
	var commands [][]string
	if os.Getenv("WAYLAND_DISPLAY") != "" {
		commands = append(commands, []string{"wl-copy", "--type", "text/plain;charset=utf-8"})
	}
	if os.Getenv("DISPLAY") != "" {
		commands = append(commands,
			[]string{"xclip", "-in", "-selection", "clipboard"},
			[]string{"xsel", "--input", "--clipboard"})
	}
	for _, command := range commands {
		// The output must not be a pipe: the command leaves a child behind, which
		// serves the text and would hold the pipe open.
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stdin = strings.NewReader(text)
		if cmd.Run() == nil {
			return true
		}
	}
	return false
}

// pasteByCommand returns the content of the clipboard by the first command that works,
// "" where none does; see copyByCommand.
func pasteByCommand(ctx context.Context) string {
	var commands [][]string
	if os.Getenv("WAYLAND_DISPLAY") != "" {
		commands = append(commands, []string{"wl-paste", "--no-newline", "--type", "text/plain;charset=utf-8"})
	}
	if os.Getenv("DISPLAY") != "" {
		commands = append(commands,
			[]string{"xclip", "-out", "-selection", "clipboard"},
			[]string{"xsel", "--output", "--clipboard"})
	}
	for _, command := range commands {
		if text, err := exec.CommandContext(ctx, command[0], command[1:]...).Output(); err == nil {
			return string(text)
		}
	}
	return ""
}
