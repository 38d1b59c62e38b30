package desktop

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// terminal is a program that opens terminal windows.
type terminal struct {
	program string
	// arguments are what goes before the command.
	arguments []string
	// desktop is a desktop whose own program it is, as in XDG_CURRENT_DESKTOP; empty
	// for none.
	desktop string
}

// terminals are those known, the preferred first: what a person has chosen, and then
// those that are often installed.
var terminals = []terminal{
	{program: "xdg-terminal-exec"},
	{program: "x-terminal-emulator", arguments: []string{"-e"}},
	{program: "ptyxis", arguments: []string{"--new-window", "--"}, desktop: "GNOME"},
	{program: "kgx", arguments: []string{"--"}, desktop: "GNOME"},
	{program: "gnome-terminal", arguments: []string{"--"}, desktop: "GNOME"},
	{program: "konsole", arguments: []string{"-e"}, desktop: "KDE"},
	{program: "xfce4-terminal", arguments: []string{"-x"}, desktop: "XFCE"},
	{program: "mate-terminal", arguments: []string{"-x"}, desktop: "MATE"},
	{program: "qterminal", arguments: []string{"-e"}, desktop: "LXQt"},
	{program: "tilix", arguments: []string{"-e"}},
	{program: "kitty"},
	{program: "alacritty", arguments: []string{"-e"}},
	{program: "foot"},
	{program: "xterm", arguments: []string{"-e"}},
}

// chosenTerminal returns the command line that opens a window for a command; nil when no
// program is found. Of the programs, the desktop's own come before others, and after
// what a person has chosen.
func chosenTerminal(desktop string, find func(program string) (string, error), command []string) []string {
	desktops := strings.Split(desktop, ":")
	own := func(t terminal) bool { return t.desktop != "" && slices.Contains(desktops, t.desktop) }
	ordered := slices.Clone(terminals)
	slices.SortStableFunc(ordered[1:], func(a, b terminal) int {
		switch {
		case own(a) == own(b):
			return 0
		case own(a):
			return -1
		}
		return 1
	})
	for _, t := range ordered {
		if path, err := find(t.program); err == nil {
			return slices.Concat([]string{path}, t.arguments, command)
		}
	}
	return nil
}

func terminalCommand(command []string) *exec.Cmd {
	line := chosenTerminal(os.Getenv("XDG_CURRENT_DESKTOP"), exec.LookPath, command)
	if line == nil {
		return nil
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it stays when the tray ends
	return cmd
}
