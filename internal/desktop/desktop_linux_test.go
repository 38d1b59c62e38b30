package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// startChild runs the test binary as a child process, which runs [child]; line is its
// first input. It returns the output, and a function that kills the child and waits for
// its end.
func startChild(t *testing.T, what, line string, env ...string) (outcome string, kill func()) {
	t.Helper()
	say, kill := startDialog(t, what, env...)
	return say(line), kill
}

// startDialog is startChild for several lines: say sends a line and returns the answer.
func startDialog(t *testing.T, what string, env ...string) (say func(line string) string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+what)
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	answers := bufio.NewReader(out)
	return func(line string) string {
		t.Helper()
		if _, err := io.WriteString(in, line+"\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			t.Fatalf("the child %q said nothing: %v", what, err)
		}
		return strings.TrimSuffix(answer, "\n")
	}, kill
}

// xvfb starts an X server and returns its DISPLAY.
func xvfb(t *testing.T) string {
	t.Helper()
	display, _ := startXvfb(t)
	return display
}

// startXvfb starts an X server with those arguments more, and returns its DISPLAY and
// what ends it.
func startXvfb(t *testing.T, arguments ...string) (display string, stop func()) {
	t.Helper()
	testenv.NeedCommand(t, "Xvfb")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("Xvfb", append(arguments, "-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp")...)
	cmd.ExtraFiles = []*os.File{write}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb did not say its number: %v", err)
	}
	return ":" + strings.TrimSpace(number), stop
}

// script writes an executable script of that name into dir.
func script(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestCopyOnX11(t *testing.T) {
	t.Parallel()
	display := xvfb(t)
	testenv.NeedCommand(t, "xclip")
	env := []string{"DISPLAY=" + display, "WAYLAND_DISPLAY="}
	paste := func() string {
		t.Helper()
		cmd := exec.Command("xclip", "-out", "-selection", "clipboard")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("xclip: %v: %s", err, out)
		}
		return string(out)
	}
	for _, text := range []string{"http://localhost:8888/?token=abc", "ünïcode and \"quotes\" $(x) %s"} {
		outcome, kill := startChild(t, "copy", text, env...)
		if outcome != "copied" {
			t.Fatalf("copying: %s", outcome)
		}
		for range 2 { // a text can be pasted more than once
			if got := paste(); got != text {
				t.Errorf("pasted %q, want %q", got, text)
			}
		}
		// Another program copies, and then this one again.
		other := exec.Command("xclip", "-in", "-selection", "clipboard")
		other.Env = append(os.Environ(), env...)
		other.Stdin = strings.NewReader("other")
		if err := other.Run(); err != nil {
			t.Fatal(err)
		}
		// xclip may return a moment before it owns the clipboard.
		testenv.WaitFor(t, "what another program copied", func() error {
			if got := paste(); got != "other" {
				return fmt.Errorf("pasted %q", got)
			}
			return nil
		})
		kill()
	}
}

func TestCopyWithoutDesktop(t *testing.T) {
	outcome, _ := startChild(t, "copy", "secret-text", "DISPLAY=", "WAYLAND_DISPLAY=")
	if !strings.HasPrefix(outcome, "no clipboard:") || strings.Contains(outcome, "secret-text") {
		t.Errorf("got %q", outcome)
	}
}

// TestCopyByCommand makes each command in turn the only one there is, and reads its
// input.
func TestCopyByCommand(t *testing.T) {
	for _, test := range []struct{ command, display, wayland string }{
		{"wl-copy", "", "wayland-nowhere"},
		{"xclip", ":59999", ""},
		{"xsel", ":59999", ""},
	} {
		t.Run(test.command, func(t *testing.T) {
			dir := t.TempDir()
			script(t, dir, test.command, fmt.Sprintf(`/bin/cat > %q; echo "$@" > %q`, dir+"/stdin", dir+"/args"))
			outcome, _ := startChild(t, "copy", "secret-text",
				"PATH="+dir, "DISPLAY="+test.display, "WAYLAND_DISPLAY="+test.wayland, "XDG_RUNTIME_DIR="+dir)
			if outcome != "copied" {
				t.Fatalf("got %q", outcome)
			}
			if got, _ := os.ReadFile(dir + "/stdin"); string(got) != "secret-text" {
				t.Errorf("%s was given %q", test.command, got)
			}
			if got, err := os.ReadFile(dir + "/args"); err != nil || strings.Contains(string(got), "secret") {
				t.Errorf("%s has the arguments %q (%v)", test.command, got, err)
			}
		})
	}
}

// TestCopyToHangingDisplay has an X server that accepts connections and never answers.
func TestCopyToHangingDisplay(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "the program gives a display some seconds")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	display := fmt.Sprintf("127.0.0.1:%d", l.Addr().(*net.TCPAddr).Port-6000)
	outcome, _ := startChild(t, "copy", "secret-text", "DISPLAY="+display, "WAYLAND_DISPLAY=")
	if !strings.Contains(outcome, "deadline exceeded") || strings.Contains(outcome, "secret-text") {
		t.Errorf("got %q", outcome)
	}
}

// TestCopyAfterTheDisplayWasGone: what is copied while there is no display fails, and
// what is copied when it is back does not.
func TestCopyAfterTheDisplayWasGone(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "xclip")
	// A number that no X server takes by itself.
	display, stop := startXvfb(t, fmt.Sprintf(":%d", 10_000+os.Getpid()%10_000))
	say, kill := startDialog(t, "copy for a time", "DISPLAY="+display, "WAYLAND_DISPLAY=")
	defer kill()
	copies := func(text string, works bool) {
		t.Helper()
		if said := say(text); (said == "<nil>") != works {
			t.Errorf("copying %q: %s", text, said)
		}
	}
	copies("1h first", true)
	stop()
	copies("second", false)
	startXvfb(t, display)
	copies("third", true)
	out, err := exec.Command("xclip", "-display", display, "-out", "-selection", "clipboard").Output()
	if err != nil || string(out) != "third" {
		t.Errorf("the clipboard holds %q, %v", out, err)
	}
}

// openers makes a home directory in which a test browser and a test viewer are the
// defaults of the real xdg-open. Each writes its argument into the file that is
// returned for it.
func openers(t *testing.T) (browsed, viewed string) {
	t.Helper()
	testenv.NeedCommand(t, "xdg-open")
	dir := t.TempDir()
	apps := filepath.Join(dir, "applications")
	if err := os.MkdirAll(apps, 0o755); err != nil {
		t.Fatal(err)
	}
	browsed, viewed = filepath.Join(dir, "browsed"), filepath.Join(dir, "viewed")
	for name, file := range map[string]string{"firefox-test": browsed, "viewer-test": viewed} {
		script(t, dir, name, fmt.Sprintf(`printf %%s "$1" > %q.new && mv %q.new %q`, file, file, file))
		entry := fmt.Sprintf("[Desktop Entry]\nType=Application\nName=%s\nExec=%s %%u\nNoDisplay=false\n", name, filepath.Join(dir, name))
		if err := os.WriteFile(filepath.Join(apps, name+".desktop"), []byte(entry), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list := "[Default Applications]\ntext/plain=viewer-test.desktop\ntext/x-log=viewer-test.desktop\n" +
		"text/html=firefox-test.desktop\nx-scheme-handler/http=firefox-test.desktop\nx-scheme-handler/https=firefox-test.desktop\n"
	if err := os.WriteFile(filepath.Join(dir, "mimeapps.list"), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", dir)
	t.Setenv("XDG_CURRENT_DESKTOP", "")
	t.Setenv("DESKTOP_SESSION", "")
	t.Setenv("BROWSER", "")
	t.Setenv("DISPLAY", ":59999") // nothing connects to it, but without a display xdg-open uses only terminal programs
	return browsed, viewed
}

// content waits for the argument that an opener wrote.
func content(t *testing.T, file string) string {
	t.Helper()
	var text []byte
	testenv.WaitFor(t, filepath.Base(file), func() (err error) {
		text, err = os.ReadFile(file)
		return err
	})
	return string(text)
}

func TestOpenURL(t *testing.T) {
	browsed, _ := openers(t)
	const address = "https://colab.research.google.com/?a=b&c=d"
	if err := OpenURL(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if got := content(t, browsed); got != address {
		t.Errorf("the browser got %q", got)
	}
	for _, address := range []string{"", "/etc/passwd", "file:///etc/passwd", "-x", "http:", "javascript:alert(1)", "https://a b/"} {
		if err := OpenURL(t.Context(), address); err == nil {
			t.Errorf("%q was opened", address)
		}
	}
}

func TestOpenText(t *testing.T) {
	_, viewed := openers(t)
	path := filepath.Join(t.TempDir(), "-the log.txt")
	if err := os.WriteFile(path, []byte("log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(path))
	if err := OpenText(t.Context(), filepath.Base(path)); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimPrefix(content(t, viewed), "file://"); got != path && got != strings.ReplaceAll(path, " ", "%20") {
		t.Errorf("the viewer got %q, want %q", got, path)
	}
}

func TestOpenWithoutOpener(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := OpenURL(t.Context(), "https://example.com/"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("without a browser: %v", err)
	}
	if err := OpenText(t.Context(), "x"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("without a viewer: %v", err)
	}
}

// TestOpenEndsWithContext has an opener that does not end.
func TestOpenEndsWithContext(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	script(t, dir, "xdg-open", fmt.Sprintf(`echo started > %q; read x < %q`, pipe, pipe))
	t.Setenv("PATH", dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	asked := errors.New("asked to end")
	go func() {
		_, _ = os.ReadFile(pipe)
		cancel(asked)
	}()
	if err := OpenURL(ctx, "https://example.com/"); !errors.Is(err, asked) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(pipe, []byte("go\n"), 0); err != nil { // lets the opener end
		t.Error(err)
	}
}

func TestDefaultBrowser(t *testing.T) {
	openers(t)
	if got := DefaultBrowser(t.Context()); got != BrowserFirefox {
		t.Errorf("got %q", got)
	}

	t.Run("alternative", func(t *testing.T) {
		dir := t.TempDir()
		script(t, dir, "brave-browser", "")
		if err := os.Symlink("brave-browser", filepath.Join(dir, "x-www-browser")); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", dir)
		if got := DefaultBrowser(t.Context()); got != BrowserBrave {
			t.Errorf("got %q", got)
		}
	})
	t.Run("none", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if got := DefaultBrowser(t.Context()); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

// TestDefaultBrowserEndsWithContext has a script whose command does not end and keeps
// the script's output open.
func TestDefaultBrowserEndsWithContext(t *testing.T) {
	dir := t.TempDir()
	started, hold := filepath.Join(dir, "started"), filepath.Join(dir, "hold")
	for _, pipe := range []string{started, hold} {
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script(t, dir, "xdg-settings", fmt.Sprintf(`echo started > %q; /bin/cat %q; exit`, started, hold))
	t.Setenv("PATH", dir)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan string, 1)
	go func() { result <- DefaultBrowser(ctx) }()
	if _, err := os.ReadFile(started); err != nil {
		t.Fatal(err)
	}
	var writer *os.File // while it is open, cat waits
	testenv.WaitFor(t, "the script's command", func() (err error) {
		writer, err = os.OpenFile(hold, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		return err
	})
	defer writer.Close() // lets the command end
	cancel()
	testenv.WaitFor(t, "an answer", func() error {
		select {
		case got := <-result:
			if got != "" {
				t.Errorf("got %q", got)
			}
			return nil
		default:
			return errors.New("none yet")
		}
	})
}
