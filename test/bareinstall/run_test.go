package bareinstall

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// The programs that make run finds: time passes by their leave.
var runPrograms = map[string]string{
	// The first three waits of each step are over at once, the fourth lasts as long as
	// the step.
	"bin/sleep": `echo x >> "$TEST/waits"
		[ "$(wc -l < "$TEST/waits")" -ge 4 ] || exit 0
		echo "$1" > "$TEST/asleep"
		exec /bin/sleep 1000`,
	"bin/date": `n=$(cat "$TEST/time" 2>/dev/null || echo 1000); echo $((n + 9)) > "$TEST/time"; echo "$n"`,
	"make":     `until [ -e "$TEST/asleep" ]; do /bin/sleep 0.01; done; rm "$TEST/asleep" "$TEST/waits"`,
	"scripts/engine": `until [ -e "$TEST/asleep" ]; do /bin/sleep 0.01; done; rm "$TEST/asleep" "$TEST/waits"
		exit "$ENGINE"`,
	"bin/colab-tray": `echo "the program runs with $*"; [ "$1" != status ] || echo '{"image": "own", "state": "absent"}'`,
}

// TestRunTellsWhatGoesOn: make run tells each step, that it goes on, and how long it took,
// and ends with what to do.
func TestRunTellsWhatGoesOn(t *testing.T) {
	testenv.Need(t, "a Unix system", runtime.GOOS != "windows")
	testenv.DependOnTree()
	script, err := os.ReadFile("../../scripts/run")
	if err != nil {
		t.Fatal(err)
	}
	const last = "run: Colab Tray is in the tray: click it. Ctrl-C ends the tray; the runtime goes on.\n"
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write("scripts/run", string(script))
	for name, text := range runPrograms {
		write(name, "#!/bin/sh\n"+text+"\n")
	}
	for _, c := range []struct {
		display, args, engine string // the exit status of the step for the engine
		done                  string
		ends                  bool
	}{
		{":9", "", "0", "looking for a Docker engine: done in ", true},
		{":9", "", "1", "looking for a Docker engine: did not work, after ", true},
		{"", "", "0", "looking for a Docker engine: done in ", false},
		{":9", "status", "0", "looking for a Docker engine: done in ", false},
	} {
		cmd := exec.Command(filepath.Join(dir, "scripts/run"), strings.Fields(c.args)...)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "MAKE="+filepath.Join(dir, "make"),
			"TEST="+dir, "ENGINE="+c.engine, "DISPLAY="+c.display, "WAYLAND_DISPLAY=", "COLAB_TRAY_IMAGE=own")
		var out, told bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &told
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, &told)
		}
		if want := "the program runs with " + c.args + "\n"; !strings.HasPrefix(out.String(), want) {
			t.Errorf("it printed %q, want %q", &out, want)
		}
		lines := told.String()
		for _, want := range []string{"run: building Colab Tray", "run: " + c.done} {
			if !strings.Contains(lines, want) {
				t.Errorf("it does not tell %q:\n%s", want, lines)
			}
		}
		if n := strings.Count(lines, " s so far)\n"); n != 6 {
			t.Errorf("it tells %d times that it goes on, and not three times for each step:\n%s", n, lines)
		}
		if c.ends && !strings.HasSuffix(lines, last) || !c.ends && strings.Contains(lines, last) {
			t.Errorf("with the display %q and %q it ends:\n%s", c.display, c.args, lines)
		}
	}
}
