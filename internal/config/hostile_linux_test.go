package config

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"colabtray/test/testenv"
)

// repeated returns a text that repeats something as often as fits into a settings file;
// %d is replaced by a counter.
func repeated(before, each, after string) string {
	var b strings.Builder
	b.WriteString(before)
	for n := 0; b.Len()+len(each)+10+len(after) < maxFile; n++ {
		if strings.Contains(each, "%d") {
			fmt.Fprintf(&b, each, n)
		} else {
			b.WriteString(each)
		}
	}
	b.WriteString(after)
	return b.String()
}

// hostile has the texts that cost most for their size.
var hostile = map[string]func() string{
	"a long dotted key":      func() string { return repeated("a", ".a", " = 1") },
	"a long header":          func() string { return repeated("[a", ".a", "]") },
	"long headers":           func() string { return repeated("", "["+strings.Repeat("a.", 500)+"a%d]\n", "") },
	"long headers of arrays": func() string { return repeated("", "[["+strings.Repeat("a.", 500)+"a]]\n", "") },
	"a long key in a table":  func() string { return repeated("x = {a", ".a", " = 1}") },
	"keys below a long name": func() string { return repeated("[profiles.'"+strings.Repeat("n", maxFile/2)+"']\n", "a%d=1\n", "") },
	"variables below a long name": func() string {
		return repeated("[profiles.'"+strings.Repeat("n", maxFile/2)+"'.env]\n", "a%d=''\n", "")
	},
	"deep arrays":                  func() string { return "a = " + strings.Repeat("[", maxFile-10) },
	"whole deep arrays":            func() string { return "a = " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) },
	"deep tables":                  func() string { return repeated("a = ", "{a=", "") },
	"many numbers":                 func() string { return repeated("[profiles.jupyter]\npackages = [", "1,", "]") },
	"many empty arrays":            func() string { return repeated("[profiles.jupyter]\npackages = [", "[],", "]") },
	"many empty tables":            func() string { return repeated("[profiles.jupyter]\nfolders = [", "{},", "]") },
	"many small tables":            func() string { return repeated("[profiles.jupyter]\nfolders = [", "{a=1},", "]") },
	"many folders":                 func() string { return repeated("[profiles.jupyter]\nfolders = [", "{host='/a',path='/b%d'},", "]") },
	"many tables of folders":       func() string { return repeated("", "[[profiles.jupyter.folders]]\n", "") },
	"many keys":                    func() string { return repeated("", "a%d=1\n", "") },
	"many texts":                   func() string { return repeated("[profiles.jupyter]\ncommand = [", "'a',", "]") },
	"many profiles":                func() string { return repeated("", "[profiles.p%d]\n", "") },
	"many profiles in a table":     func() string { return repeated("profiles = {", "p%d={},", "}") },
	"many variables":               func() string { return repeated("[profiles.jupyter.env]\n", "V%d=''\n", "") },
	"many env_files":               func() string { return repeated("", "[profiles.p%d]\nenv_file='env'\n", "") },
	"many lines":                   func() string { return strings.Repeat("\n", maxFile) },
	"one long text":                func() string { return repeated("profile = '", "aaaaaaaaaa", "'") },
	"one long number":              func() string { return repeated("profile = ", "9999999999", "") },
	"the same key again and again": func() string { return repeated("", "profile = 'jupyter'\n", "") },
}

// alone runs a test of this package in a process of its own, with limited memory and
// without the race detector, and returns the output.
func alone(t *testing.T, binary, test string, env ...string) string {
	t.Helper()
	cmd := exec.Command("sh", "-c", `ulimit -v 3000000 && exec "$0" "-test.run=^$1$" -test.timeout=2m`, binary, test)
	cmd.Env = append(os.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %.1000s%.2000s", err, out, errs.String())
	}
	return string(out)
}

// built returns the test binary of this package without the race detector, which needs
// more memory and time than the code under test.
func built(t *testing.T) string {
	t.Helper()
	testenv.Takes(t, "the tests have to be built")
	binary := filepath.Join(t.TempDir(), "config.test")
	cmd := exec.Command("go", "test", "-c", "-trimpath", "-tags", "nethttpomithttp2", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// TestHostileFilesCostLittle: reading any settings file and changing a key in it takes
// less memory than a small computer can spare.
func TestHostileFilesCostLittle(t *testing.T) {
	if path := os.Getenv("TEST_READ_SETTINGS"); path != "" {
		_, loadErr := Load(Sources{File: path})
		setErr := loadErr
		if loadErr == nil {
			setErr = Set(path, []string{"preferences", "icon"}, IconDark)
		}
		fmt.Printf("peak %d load %v set %v\n", peakMemory(t), loadErr, setErr)
		return
	}
	const most = 200 << 20
	t.Parallel()
	binary := built(t)
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, text())
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "env"), []byte(many(60_000, "", "V%d=value\n", "")), 0o600); err != nil {
				t.Fatal(err)
			}
			out := alone(t, binary, "TestHostileFilesCostLittle", "TEST_READ_SETTINGS="+path)
			t.Logf("%.300s", out)
			var peak int
			if _, err := fmt.Sscanf(out, "peak %d", &peak); err != nil || peak > most {
				t.Errorf("it took %d MB, %v", peak>>20, err)
			}
			if len(out) > 4000 {
				t.Errorf("what is wrong is said in %d bytes", len(out))
			}
		})
	}
}

// peakMemory returns the highest memory use of this process, in bytes.
func peakMemory(t *testing.T) int {
	t.Helper()
	for line := range strings.Lines(read(t, "/proc/self/status")) {
		if value, is := strings.CutPrefix(line, "VmHWM:"); is {
			kilobytes, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	t.Fatal("the system does not tell")
	return 0
}

// TestLargeFilesAreReadInTime: eight times as many entries take about eight times as
// long, not 64 times.
func TestLargeFilesAreReadInTime(t *testing.T) {
	if os.Getenv("TEST_GROWTH") == "" {
		t.Parallel()
		t.Logf("%s", alone(t, built(t), "TestLargeFilesAreReadInTime", "TEST_GROWTH=1"))
		return
	}
	for name, text := range map[string]func(n int) string{
		"profiles":           func(n int) string { return many(n, "", "[profiles.p%d]\nport = 1\n", "") },
		"variables":          func(n int) string { return many(n, "[profiles.jupyter.env]\n", "V%d = 'x'\n", "") },
		"variables in a row": func(n int) string { return many(n, "profiles.jupyter.env = {", "V%d = 'x',", "}") },
		"folders":            func(n int) string { return many(n, "[profiles.jupyter]\nfolders = [", "{host='/a',path='/b%d'},", "]") },
		"texts":              func(n int) string { return many(n, "[profiles.jupyter]\ncommand = [", "'a%d',", "]") },
	} {
		const few, times = 2000, 8
		least := func(n int) time.Duration {
			path := write(t, text(n))
			best := time.Hour
			for range 3 {
				begin := processorTime(t)
				if _, err := Load(Sources{File: path}); err != nil {
					t.Fatal(err)
				}
				best = min(best, processorTime(t)-begin)
			}
			return best
		}
		one, all := least(few), least(few*times)
		fmt.Printf("%s: %d in %v, %d in %v\n", name, few, one, few*times, all)
		if all > one*times*times/2 {
			t.Errorf("%s: %d in %v, but %d in %v", name, few, one, few*times, all)
		}
	}
}

// processorTime returns the processor time of this process. Other processes of the
// machine do not count.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func many(n int, before, each, after string) string {
	var b strings.Builder
	b.WriteString(before)
	for i := range n {
		fmt.Fprintf(&b, each, i+10)
	}
	return b.String() + after
}

// TestFullDisk: where the disk has no room for the changed file, the old one stays as it
// is, nothing is left beside it, and the error says why.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16k", "colab-tray-test", dir).CombinedOutput()
	testenv.Need(t, "to be allowed to mount a small disk: "+string(out), err == nil)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	path := filepath.Join(dir, "config.toml")
	text := "# " + strings.Repeat("mine ", 2000) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Set(path, []string{"preferences", "start_at_open"}, true); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("the error is %v", err)
	}
	entries, err := os.ReadDir(dir)
	if now, _ := os.ReadFile(path); string(now) != text || err != nil || len(entries) != 1 {
		t.Errorf("the file has %d bytes, not %d; there are %v, %v", len(now), len(text), entries, err)
	}
}
