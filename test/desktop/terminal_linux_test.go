package desktop

import (
	"errors"
	"strings"
	"testing"

	"colabtray/assets"
	"colabtray/test/testenv"
)

// TestOpenTerminal opens a shell of the runtime in the desktop's own terminal program,
// types into it, and leaves it.
func TestOpenTerminal(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "xterm")
	p := startSession(t, Options{}, testenv.Image(t, testenv.Server2))
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Ready)
	p.chooses(assets.Ready, "Open a terminal")
	var window string
	testenv.WaitFor(t, "the terminal's window", func() error {
		found, err := p.Run(t.Context(), "xdotool", "search", "--onlyvisible", "--class", "xterm")
		if window, _, _ = strings.Cut(found, "\n"); err == nil && window == "" {
			err = errors.New("there is none")
		}
		return err
	})
	inRuntime := func(command string) error {
		_, err := p.Run(t.Context(), "docker", "--host", testenv.Engine(t), "exec", p.name, "sh", "-c", command)
		return err
	}
	testenv.WaitFor(t, "the shell", func() error {
		return inRuntime(`tty=0; for fd in /proc/[0-9]*/fd/0; do case $(readlink "$fd") in /dev/pts/*) tty=1; esac; done; [ $tty = 1 ]`)
	})
	p.keeps("terminal")
	// Keys go to the focus: a key that is sent to the window itself finds it gone, once exit
	// was typed.
	_, err := p.Run(t.Context(), "xdotool", "windowfocus", "--sync", window, "type", "pwd > /tmp/typed; exit\n")
	p.must(err)
	testenv.WaitFor(t, "what was typed", func() error { return inRuntime(`[ "$(cat /tmp/typed)" = /home/jovyan ]`) })
	testenv.WaitFor(t, "the end of the window", func() error {
		if _, err := p.Run(t.Context(), "xdotool", "search", "--onlyvisible", "--class", "xterm"); err == nil {
			return errors.New("it is still there")
		}
		return nil
	})
}
