//go:build unix

package data

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// killing makes each changing command of the script kill the shell when its number is
// BEFORE or AFTER. Nothing is synced to the disk: that would take long, and a killed
// shell loses no written data.
const killing = `
n=0
step() {
	n=$((n + 1)); e=0
	[ $n = "$BEFORE" ] && kill -9 $$
	"$@" || e=$?
	[ $n = "$AFTER" ] && kill -9 $$
	return $e
}
mv() { step command mv "$@"; }
rm() { step command rm "$@"; }
mkdir() { step command mkdir "$@"; }
chown() { step command chown "$@"; }
chmod() { step command chmod "$@"; }
sync() { step :; }
`

// TestScriptKilled kills the script before and after each command that it runs, and the
// recovery as well, any number of times. The script first sets the mark that makes the
// new data count, so every path ends with the new data. The result for a state that
// occurred before is reused.
func TestScriptKilled(t *testing.T) {
	testenv.Takes(t, "hundreds of shells are started")
	t.Parallel()
	testenv.NeedCommand(t, "sh")
	const (
		old = "old/deep/x=1 .hid=2 -rf nl\nnl=3 both=4"
		new = "new/z=5 both/now=6 ..odd=7"
	)
	dir := t.TempDir()
	first := filepath.Join(dir, "0")
	writeFiles(t, first, old)
	writeFiles(t, filepath.Join(first, ".colab-tray-restore", "new"), new)
	states, seen := []string{first}, map[string]bool{}
	ways := 0
	for number := 0; number < len(states); number++ {
		mode := "recover"
		if number == 0 {
			mode = "commit"
		}
		for point, killed := 1, true; killed; point++ {
			killed = false
			for _, side := range []string{"BEFORE", "AFTER"} {
				volume := filepath.Join(dir, fmt.Sprint(len(states)))
				if err := os.CopyFS(volume, os.DirFS(states[number])); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command("sh", "-c", killing+script, "sh", mode, volume)
				cmd.Env = []string{"PATH=/usr/bin:/bin", fmt.Sprintf("%s=%d", side, point)}
				out, err := cmd.CombinedOutput()
				if cmd.ProcessState.ExitCode() < 0 {
					killed = true
					ways++
				} else if got := listFiles(t, volume); err != nil || got != sorted(new) {
					t.Fatalf("from the state\n%s\nit ended with %v: %s\nand has\n%s", dump(t, states[number]), err, out, got)
				}
				if now := dump(t, volume); !killed || seen[now] {
					if err := os.RemoveAll(volume); err != nil {
						t.Fatal(err)
					}
				} else {
					seen[now] = true
					states = append(states, volume)
				}
			}
		}
	}
	if t.Logf("killed in %d ways, which left %d states", ways, len(seen)); ways < 50 || len(seen) < 12 {
		t.Error("these are not the points that are meant")
	}
}

// TestScriptRollsBack: the script restores the old data when it cannot move a file
// away.
func TestScriptRollsBack(t *testing.T) {
	bin := t.TempDir()
	stuck := "#!/bin/sh\ncase \"$*\" in *stuck*) echo 'Operation not permitted' >&2; exit 1;; esac\nexec /bin/mv \"$@\"\n"
	if err := os.WriteFile(filepath.Join(bin, "mv"), []byte(stuck), 0o755); err != nil {
		t.Fatal(err)
	}
	volume := filepath.Join(t.TempDir(), "v")
	const old = "a/x=1 b=2 stuck=3 z=4"
	writeFiles(t, volume, old)
	writeFiles(t, filepath.Join(volume, ".colab-tray-restore", "new"), "n=5")
	cmd := exec.Command("sh", "-c", script, "sh", "commit", volume)
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin"}
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != scriptOldData || !strings.Contains(string(out), "could not be moved away") {
		t.Errorf("it ended with %d: %s", code, out)
	}
	if got := listFiles(t, volume); got != sorted(old) {
		t.Errorf("it has %q", got)
	}
}

// writeFiles writes files, given as pairs of path and content.
func writeFiles(t *testing.T, root, pairs string) {
	t.Helper()
	for _, pair := range splitPairs(pairs) {
		name, content, _ := strings.Cut(pair, "=")
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// splitPairs splits a text at the spaces that follow a content; each content is a
// number.
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

// listFiles returns the entries of a directory, sorted by name.
func listFiles(t *testing.T, root string) string {
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

// dump returns all paths and contents below a directory.
func dump(t *testing.T, root string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		var content []byte
		if entry.Type().IsRegular() {
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		info, err := entry.Info()
		if err == nil {
			fmt.Fprintf(&all, "%s %q %q\n", info.Mode(), strings.TrimPrefix(path, root), content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
