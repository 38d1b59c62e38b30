//go:build unix

package runtime

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/test/bed"
)

// tools are the commands that the script runs: each is wrapped in one that kills
// the shell, before its work or after it, when its turn has come.
var tools = []string{"mv", "rm", "mkdir", "sync", "chown", "chmod", "stat"}

const wrapper = `#!/bin/sh
read n < "$COUNT"; n=$((n + 1)); echo $n > "$COUNT"
[ $n = "$BEFORE" ] && kill -9 $PPID && exit 1
/bin/%[1]s "$@" || /usr/bin/%[1]s "$@"; e=$?
[ $n = "$AFTER" ] && kill -9 $PPID
exit $e
`

// TestScriptKilled breaks the script off before and after each command that it
// runs, and that which is to recover from it as well. The first thing that it
// does is to mark that the new data count, so it always ends with these.
func TestScriptKilled(t *testing.T) {
	t.Parallel()
	bed.NeedCommand(t, "sh")
	bin := t.TempDir()
	for _, tool := range tools {
		if err := os.WriteFile(filepath.Join(bin, tool), fmt.Appendf(nil, wrapper, tool), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	count := filepath.Join(bin, "count")
	run := func(mode, volume string, before, after int) (killed bool, code int) {
		t.Helper()
		if err := os.WriteFile(count, []byte("0\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("sh", "-c", script, "sh", mode, volume)
		cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "COUNT=" + count, fmt.Sprintf("BEFORE=%d", before), fmt.Sprintf("AFTER=%d", after)}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 0 && exit.ExitCode() != scriptOldData) {
			t.Fatalf("%s: %v: %s", mode, err, out)
		}
		return cmd.ProcessState.ExitCode() < 0, cmd.ProcessState.ExitCode()
	}
	const (
		old = "old/deep/x=1 .hid=2 -rf nl\nnl=3 both=4"
		new = "new/z=5 both/now=6 ..odd=7"
	)
	ways := 0
	for point := 1; ; point++ {
		killedOnce := false
		for _, side := range []string{"before", "after"} {
			for again := 0; ; again++ {
				volume := filepath.Join(t.TempDir(), "v")
				lay(t, volume, old)
				lay(t, filepath.Join(volume, ".colab-tray-restore", "new"), new)
				at := map[string]int{side: point}
				killed, code := run("commit", volume, at["before"], at["after"])
				if !killed && code != 0 {
					t.Fatalf("it ended with %d", code)
				}
				// The recovery is broken off as well, at every point of it.
				at = map[string]int{side: again}
				killedAgain := false
				if killed && again > 0 {
					killedAgain, _ = run("recover", volume, at["before"], at["after"])
				}
				run("recover", volume, 0, 0)
				if got := laid(t, volume); got != sorted(new) {
					t.Fatalf("killed %s command %d, then %d of the recovery, it has %q", side, point, again, got)
				}
				ways++
				killedOnce = killedOnce || killed
				if again > 0 && !killedAgain || side == "after" {
					break
				}
			}
		}
		if !killedOnce {
			break
		}
	}
	if t.Logf("killed in %d ways", ways); ways < 50 {
		t.Error("these are not the points that are meant")
	}
}

// TestScriptPutsBack: something cannot be moved away.
func TestScriptPutsBack(t *testing.T) {
	bin := t.TempDir()
	stuck := "#!/bin/sh\ncase \"$*\" in *stuck*) echo 'Operation not permitted' >&2; exit 1;; esac\nexec /bin/mv \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "mv"), []byte(stuck), 0o755); err != nil {
		t.Fatal(err)
	}
	volume := filepath.Join(t.TempDir(), "v")
	const old = "a/x=1 b=2 stuck=3 z=4"
	lay(t, volume, old)
	lay(t, filepath.Join(volume, ".colab-tray-restore", "new"), "n=5")
	cmd := exec.Command("sh", "-c", script, "sh", "commit", volume)
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != scriptOldData || !strings.Contains(string(out), "could not be moved away") {
		t.Errorf("it ended with %d: %s", code, out)
	}
	if got := laid(t, volume); got != sorted(old) {
		t.Errorf("it has %q", got)
	}
}

// lay makes files of pairs of path and content.
func lay(t *testing.T, root, pairs string) {
	t.Helper()
	for _, pair := range splitPairs(pairs) {
		name, content, _ := strings.Cut(pair, "=")
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// splitPairs splits at the spaces that come after a content, which is a number.
func splitPairs(pairs string) []string {
	var all []string
	rest := pairs
	for rest != "" {
		name, after, _ := strings.Cut(rest, "=")
		content, next, _ := strings.Cut(after, " ")
		all, rest = append(all, name+"="+content), next
	}
	return all
}

func sorted(pairs string) string {
	all := splitPairs(pairs)
	return strings.Join(slices.Sorted(slices.Values(all)), "|")
}

// laid reads what a directory has, in the order of names.
func laid(t *testing.T, root string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if entry.IsDir() {
			if name == ".colab-tray-restore" {
				all = append(all, name)
			}
			return nil
		}
		content, err := os.ReadFile(path)
		all = append(all, name+"="+string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Sorted(slices.Values(all)), "|")
}
