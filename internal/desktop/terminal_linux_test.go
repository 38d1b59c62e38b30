package desktop

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

func TestChosenTerminal(t *testing.T) {
	for _, c := range []struct{ desktop, installed, want string }{
		{"XFCE", "", ""},
		{"XFCE", "xterm", "/bin/xterm -e colab-tray shell"},
		{"XFCE", "xterm gnome-terminal xfce4-terminal", "/bin/xfce4-terminal -x colab-tray shell"},
		{"ubuntu:GNOME", "xfce4-terminal gnome-terminal", "/bin/gnome-terminal -- colab-tray shell"},
		{"KDE", "x-terminal-emulator konsole", "/bin/konsole -e colab-tray shell"},
		{"", "x-terminal-emulator konsole", "/bin/x-terminal-emulator -e colab-tray shell"},
		{"KDE", "xdg-terminal-exec konsole", "/bin/xdg-terminal-exec colab-tray shell"},
	} {
		find := func(program string) (string, error) {
			if slices.Contains(strings.Fields(c.installed), program) {
				return "/bin/" + program, nil
			}
			return "", exec.ErrNotFound
		}
		if got := strings.Join(chosenTerminal(c.desktop, find, []string{"colab-tray", "shell"}), " "); got != c.want {
			t.Errorf("on %q with %q: %q, not %q", c.desktop, c.installed, got, c.want)
		}
	}
}

// TestOpenTerminal opens the program that a desktop has, which gets the words of the
// command as they are.
func TestOpenTerminal(t *testing.T) {
	dir := t.TempDir()
	said := filepath.Join(dir, "said")
	script := "#!/bin/sh\nfor word; do echo \"<$word>\"; done >" + said + ".new\nmv " + said + ".new " + said + "\n"
	if err := os.WriteFile(filepath.Join(dir, "x-terminal-emulator"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CURRENT_DESKTOP", "")
	t.Setenv("PATH", t.TempDir())
	if HasTerminal() || OpenTerminal(t.Context(), "true") == nil {
		t.Error("there is a terminal where no program is")
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	if !HasTerminal() {
		t.Fatal("the program is not found")
	}
	if err := OpenTerminal(t.Context(), "colab-tray", "shell", "--name", `a "b" $c`); err != nil {
		t.Fatal(err)
	}
	testenv.WaitFor(t, "the terminal", func() error { _, err := os.Stat(said); return err })
	if got, _ := os.ReadFile(said); string(got) != "<-e>\n<colab-tray>\n<shell>\n<--name>\n<a \"b\" $c>\n" {
		t.Errorf("the program got %q", got)
	}
}
