//go:build unix

package gpu

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake makes a command in place of NVIDIA's, as no card is here.
func fake(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, command), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

func TestWatch(t *testing.T) {
	fake(t, `case "$*" in *count,index,utilization.gpu,memory.used,memory.total*--loop=1*) ;; *) exit 9 ;; esac
echo "a warning"
echo "2, 1, 90, 100, 1000" # the second of a moment whose first was missed
echo "2, 0, 50, 1024, 2048"
echo "2, 1, [N/A], 1024, 2048"
exec sleep 1000
`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	usages := Watch(ctx)
	want := Usage{Cards: 2, Busy: 0.25, Memory: 2 << 30, MemoryTotal: 4 << 30}
	for u := range usages {
		if u == want {
			cancel()
		}
	}
	if ctx.Err() == nil {
		t.Errorf("it ended without %+v", want)
	}
}

// TestQuery: another machine's cards, or why they are not known, come by a shell there.
func TestQuery(t *testing.T) {
	there := func(ctx context.Context, words ...string) (string, error) {
		out, err := exec.CommandContext(ctx, words[0], words[1:]...).Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return "", errors.New(string(exit.Stderr))
		}
		return string(out), err
	}
	fake(t, "")
	if cards, err := Query(t.Context(), there); len(cards) != 0 || err != nil {
		t.Errorf("without the command: %q, %v", cards, err)
	}
	fake(t, `[ "$*" = "--query-gpu=name,driver_version,memory.total --format=csv,noheader" ] || exit 9
echo 'NVIDIA H200, 570.1, 143771 MiB'; printf '%s\n' 'Another\c one, 570.1, 8192 MiB'`)
	if cards, err := Query(t.Context(), there); err != nil || !slices.Equal(cards, []string{"NVIDIA H200, 570.1, 143771 MiB", `Another\c one, 570.1, 8192 MiB`}) {
		t.Errorf("got %q, %v", cards, err)
	}
	fake(t, "echo no driver is loaded; exit 9")
	if cards, err := Query(t.Context(), there); len(cards) != 0 || err == nil || err.Error() != "no driver is loaded\n" {
		t.Errorf("got %q, %v", cards, err)
	}
	fake(t, `yes 'a card with a name, a driver and so on' | head -n 10000`)
	if cards, err := Query(t.Context(), there); len(cards) != 64 || err != nil {
		t.Errorf("got %d, %v", len(cards), err)
	}
}

func TestNoCards(t *testing.T) {
	fake(t, "")
	for u := range Watch(t.Context()) {
		t.Errorf("got %+v", u)
	}
	if text, err := List(t.Context()); text != "" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestList(t *testing.T) {
	fake(t, `echo "NVIDIA RTX A2000, 550.54, 12282 MiB"`)
	if text, err := List(t.Context()); text != "NVIDIA RTX A2000, 550.54, 12282 MiB" || err != nil {
		t.Errorf("got %q, %v", text, err)
	}
	fake(t, `echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."; exit 9`)
	if text, err := List(t.Context()); !strings.Contains(text, "couldn't communicate") || err == nil {
		t.Errorf("got %q, %v", text, err)
	}
}

func TestProcesses(t *testing.T) {
	fake(t, `case "$*" in *--query-compute-apps=pid,used_gpu_memory*noheader,nounits*) ;; *) exit 9 ;; esac
echo "1234, 512"
echo "1234, 10001"
echo "99, [N/A]"
echo "No running processes found"
echo "0, 5"
`)
	all, known, err := Processes(t.Context())
	want := []Process{{PID: 1234, Memory: 512 << 20}, {PID: 1234, Memory: 10001 << 20}, {PID: 99, Unknown: true}}
	if err != nil || !known || !slices.Equal(all, want) {
		t.Errorf("got %v, %v, %v", all, known, err)
	}
	if !Installed() {
		t.Error("the command is not there")
	}
	fake(t, "exit 9")
	if all, known, err := Processes(t.Context()); err == nil || known || len(all) > 0 {
		t.Errorf("of a failure there are %v, %v, %v", all, known, err)
	}
	fake(t, "")
	if all, known, err := Processes(t.Context()); err != nil || known || len(all) > 0 || Installed() {
		t.Errorf("without a card there are %v, %v, %v", all, known, err)
	}
}
