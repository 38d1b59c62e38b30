package logfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"colabtray/internal/jupyter"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// childVariable makes the test binary write into the log that it names.
const childVariable = "COLAB_TRAY_TEST_LOG"

// perWriter is how many lines each writer of TestTwoProcesses writes.
const perWriter = 3000

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		f := Open(path)
		f.max = 64 << 10
		fmt.Println("ready")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		for i := range perWriter {
			fmt.Fprintf(f, "%d wrote line %04d\n", os.Getpid(), i)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func open(t *testing.T, size int64) (f *File, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "colab-tray.log")
	f = Open(path)
	f.max = size
	t.Cleanup(func() { _ = f.Close() })
	return f, path
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// write wants what every Write returns.
func write(t *testing.T, f *File, record string) {
	t.Helper()
	if n, err := f.Write([]byte(record)); n != len(record) || err != nil {
		t.Errorf("Write returned %d, %v", n, err)
	}
}

func TestStaysSmall(t *testing.T) {
	f, path := open(t, 1000)
	for i := range 100 {
		write(t, f, fmt.Sprintf("line %02d of 30 bytes, no more.\n", i))
	}
	for _, name := range []string{path, path + aside} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 1000 || goruntime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %d bytes and %v", name, info.Size(), info.Mode())
		}
	}
	lines, err := Tail(path, 20)
	if err != nil || len(lines) != 20 || !strings.HasPrefix(lines[0], "line 80") || !strings.HasPrefix(lines[19], "line 99") {
		t.Errorf("the last lines are %q, %v", lines, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 3 {
		t.Errorf("there are %v", files)
	}
}

func TestLongRecord(t *testing.T) {
	f, path := open(t, maxFile)
	write(t, f, strings.Repeat("ü", maxRecord)+"\n")
	if text := content(t, path); len(text) > maxRecord || !strings.HasSuffix(text, "ü…\n") {
		t.Errorf("it has %d bytes and ends with %q", len(text), text[len(text)-9:])
	}
}

// TestTakenAway has somebody remove or replace the file meanwhile.
func TestTakenAway(t *testing.T) {
	f, path := open(t, maxFile)
	write(t, f, "first\n")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, f, "second\n")
	if got := content(t, path); got != "second\n" {
		t.Errorf("it holds %q", got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, f, "third\n")
	if got := content(t, path); got != "other\nthird\n" {
		t.Errorf("it holds %q", got)
	}
	if info, err := os.Stat(path); err != nil || goruntime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("it is %v, %v", info.Mode(), err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	write(t, f, "fourth\n")
	if got := content(t, path); got != "other\nthird\n" {
		t.Errorf("after Close it holds %q", got)
	}
}

// TestNeverFails has no place for a file, something else in its place, and no
// way to put it aside.
func TestNeverFails(t *testing.T) {
	write(t, Open(filepath.Join(t.TempDir(), "none", "log")), "dropped\n")

	f, path := open(t, maxFile)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, f, "dropped\n")
	if lines, err := Tail(path, 9); len(lines) > 0 || err != nil {
		t.Errorf("it holds %q, %v", lines, err)
	}

	f, path = open(t, 100)
	if err := os.MkdirAll(path+aside+"/in the way", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		write(t, f, "ten bytes\n")
	}
	if got := len(content(t, path)); got != 200 {
		t.Errorf("it has grown to %d bytes", got)
	}
}

// TestFullDisk writes to a file that takes nothing.
func TestFullDisk(t *testing.T) {
	testenv.Need(t, "/dev/full", func() bool { _, err := os.Stat("/dev/full"); return err == nil }())
	f, path := open(t, maxFile)
	file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.file, f.path = file, "/dev/full"
	write(t, f, "dropped\n")
	f.path = path
	write(t, f, "kept\n")
	if got := content(t, path); got != "kept\n" {
		t.Errorf("it holds %q", got)
	}
}

// TestTwoProcesses has several write at once, over many files put aside: every
// line that is still there is whole, and the last ones are.
func TestTwoProcesses(t *testing.T) {
	_, path := open(t, maxFile)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var begin []func()
	for range 3 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childVariable+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(line, err)
		}
		begin = append(begin, func() { _, _ = in.Write([]byte("go\n")) })
		all.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	for _, go1 := range begin {
		go1()
	}
	all.Wait()
	lines, err := Tail(path, 3*perWriter)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		var pid, n int
		if _, err := fmt.Sscanf(line, "%d wrote line %d", &pid, &n); err != nil || fmt.Sprintf("%d wrote line %04d", pid, n) != line {
			t.Fatalf("a broken line: %q", line)
		}
	}
	// The one that finished last must have its end there.
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, fmt.Sprintf("line %04d", perWriter-1)) }) {
		t.Errorf("the end of all is missing; the last is %q", lines[len(lines)-1])
	}
	for _, name := range []string{path, path + aside} {
		if info, err := os.Stat(name); err != nil || info.Size() > 2*64<<10 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestSecrets logs what holds secrets in every way that slog has.
func TestSecrets(t *testing.T) {
	f, path := open(t, maxFile)
	const theSecret = "0123456789abcdef"
	url := jupyter.NewBackendURL(8888, secret.New(theSecret))
	log := slog.New(slog.NewTextHandler(f, nil))
	log.Info("url", "url", url, "token", secret.New(theSecret), "secret", secret.New(theSecret))
	log.Info(fmt.Sprintf("%v %+v %#v %s", url, url, url, secret.New(theSecret)), "in", []any{url}, "snapshot", runtime.Snapshot{URL: url})
	if text := content(t, path); strings.Contains(text, theSecret) || bytes.Count([]byte(text), []byte("\n")) != 2 {
		t.Errorf("it holds %s", text)
	}
}

func TestLastOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if lines, err := Tail(path, 5); len(lines) > 0 || err != nil {
		t.Errorf("got %q, %v", lines, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error(fs.ErrExist)
	}
}
