package desktop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// pasteboard is a clipboard as other programs use it.
type pasteboard struct {
	env         []string
	copy, paste []string
}

func (p pasteboard) run(t *testing.T, input string, command []string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdin = strings.NewReader(input)
	if command[0] == p.copy[0] && input != "" { // it leaves a child process, which would keep a pipe open
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v", command, err)
		}
		return ""
	}
	out, _ := cmd.Output() // some commands fail on an empty clipboard
	return string(out)
}

// x11 returns the clipboard of an X server.
func x11(t *testing.T) pasteboard {
	display := xvfb(t)
	testenv.NeedCommand(t, "xclip")
	return pasteboard{
		[]string{"DISPLAY=" + display, "WAYLAND_DISPLAY="},
		[]string{"xclip", "-in", "-selection", "clipboard"},
		[]string{"xclip", "-out", "-selection", "clipboard"},
	}
}

// wayland returns the clipboard of a Wayland compositor without a screen.
func wayland(t *testing.T) pasteboard {
	for _, command := range []string{"sway", "wl-copy", "wl-paste"} {
		testenv.NeedCommand(t, command)
	}
	dir, err := os.MkdirTemp("/tmp", "wayland") // short enough for the path of a socket
	must(t, err)
	config := filepath.Join(dir, "config")
	must(t, os.WriteFile(config, []byte("xwayland disable\n"), 0o644))
	cmd := exec.Command("sway", "-c", config)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_RUNTIME_DIR="+dir, "DISPLAY=", "WAYLAND_DISPLAY=",
		"WLR_BACKENDS=headless", "WLR_LIBINPUT_NO_DEVICES=1", "WLR_RENDERER=pixman")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if os.Getuid() == 0 { // the compositor refuses to run as root
		const nobody = 65534
		must(t, os.Chown(dir, nobody, nobody))
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	output := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = output, output
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
		if t.Failed() {
			t.Logf("sway said:\n%s", output)
		}
	})
	p := pasteboard{
		[]string{"DISPLAY=", "XDG_RUNTIME_DIR=" + dir},
		[]string{"wl-copy"},
		[]string{"wl-paste", "--no-newline"},
	}
	testenv.WaitFor(t, "the compositor", func() error {
		sockets, _ := filepath.Glob(dir + "/wayland-?")
		if len(sockets) == 0 {
			return errors.New("it has no socket")
		}
		p.env = append(p.env[:2], "WAYLAND_DISPLAY="+filepath.Base(sockets[0]))
		return nil
	})
	return p
}

// TestCopyForATime: the clipboard is cleared after the time, unless another program
// changed it.
func TestCopyForATime(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*testing.T) pasteboard{"X11": x11, "Wayland": wayland} {
		t.Run(name, func(t *testing.T) {
			p := begin(t)
			holds := func(want string) {
				t.Helper()
				testenv.WaitFor(t, fmt.Sprintf("the clipboard to hold %q", want), func() error {
					if got := p.run(t, "", p.paste); got != want {
						return fmt.Errorf("it holds %q", got)
					}
					return nil
				})
			}
			const first, second = "http://localhost:8888/?token=abc", "ünïcode and \"quotes\" $(x) %s"

			say, kill := startDialog(t, "copy for a time", p.env...)
			for _, text := range []string{"1h " + first, second} {
				if said := say(text); said != "<nil>" {
					t.Fatalf("copying: %s", said)
				}
			}
			holds(second)
			if said := say(""); said != "closed" { // before the time is over
				t.Fatal(said)
			}
			holds("")
			kill()

			say, kill = startDialog(t, "copy for a time", p.env...)
			if said := say("1h " + first); said != "<nil>" {
				t.Fatalf("copying: %s", said)
			}
			holds(first)
			p.run(t, "other", p.copy)
			holds("other")
			if said := say(""); said != "closed" {
				t.Fatal(said)
			}
			holds("other")
			kill()

			say, kill = startDialog(t, "copy for a time", p.env...)
			if said := say("1ms " + first); said != "<nil>" {
				t.Fatalf("copying: %s", said)
			}
			holds("")
			kill()

			say, kill = startDialog(t, "offer", p.env...)
			if said := say("0s " + first); said != "copied" {
				t.Fatal(said)
			}
			holds(first)
			p.run(t, "other", p.copy)
			if said := say(""); said != "over <nil>" {
				t.Fatal(said)
			}
			holds("other")
			kill()

			say, kill = startDialog(t, "offer", p.env...)
			if said := say("1ms " + first); said != "copied" {
				t.Fatal(said)
			}
			if said := say(""); said != "over <nil>" {
				t.Fatal(said)
			}
			holds("")
			kill()

			say, _ = startDialog(t, "copy for a time", p.env...)
			if said := say("0s " + first); said != "<nil>" {
				t.Fatalf("copying: %s", said)
			}
			if said := say(""); said != "closed" {
				t.Fatal(said)
			}
			holds(first)
		})
	}
}

// TestCopyForATimeByCommand: only commands are available, and they keep the text in a
// file.
func TestCopyForATimeByCommand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ copy, paste, display, wayland string }{
		{"wl-copy", "wl-paste", "", "wayland-nowhere"},
		{"xclip", "", ":59999", ""},
		{"xsel", "", ":59999", ""},
	} {
		t.Run(test.copy, func(t *testing.T) {
			dir := t.TempDir()
			held := filepath.Join(dir, "held")
			script(t, dir, test.copy, fmt.Sprintf(`case "$1" in -out|--output) exec /bin/cat %q;; esac; /bin/cat > %q`, held, held))
			if test.paste != "" {
				script(t, dir, test.paste, fmt.Sprintf(`exec /bin/cat %q`, held))
			}
			env := []string{"PATH=" + dir, "DISPLAY=" + test.display, "WAYLAND_DISPLAY=" + test.wayland, "XDG_RUNTIME_DIR=" + dir}
			for other, want := range map[string]string{"": "", "other": "other"} {
				say, kill := startDialog(t, "copy for a time", env...)
				if said := say("1h secret-text"); said != "<nil>" {
					t.Fatal(said)
				}
				if got, _ := os.ReadFile(held); string(got) != "secret-text" {
					t.Errorf("copied %q", got)
				}
				if other != "" {
					must(t, os.WriteFile(held, []byte(other), 0o600))
				}
				if said := say(""); said != "closed" {
					t.Fatal(said)
				}
				if got, _ := os.ReadFile(held); string(got) != want {
					t.Errorf("in the end there is %q, want %q", got, want)
				}
				kill()
			}
		})
	}
}
