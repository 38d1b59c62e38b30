//go:build unix

package data

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestMergeScriptKilled kills the script before and after each command that it runs.
// The files from before are still there. When the next operation runs the script again,
// everything is there exactly once.
func TestMergeScriptKilled(t *testing.T) {
	testenv.Takes(t, "hundreds of shells are started")
	t.Parallel()
	testenv.NeedCommand(t, "cmp")
	const (
		old  = "both/now=1 both/same=s a=1 link/x=1"
		new  = "both/now=2 both/same=s both/new=n .hid=h -rf=r a/deep=2 sub/dir/z=z"
		want = "both/now=1 both/same=s a=1 link/x=1 both/new=n .hid=h -rf=r sub/dir/z=z aside/both/now=2 aside/a/deep=2"
	)
	run := func(volume string, env ...string) (out []byte, killed bool) {
		// The operation that recovers removes the staging directory.
		if err := os.RemoveAll(filepath.Join(volume, ".colab-tray-restore")); err != nil {
			t.Fatal(err)
		}
		writeFiles(t, filepath.Join(volume, ".colab-tray-restore", "new"), new)
		cmd := exec.Command("sh", "-c", killing+mergeScript, "sh", "keep", volume, "aside")
		cmd.Env = append([]string{"PATH=/usr/bin:/bin"}, env...)
		out, err := cmd.CombinedOutput()
		if killed = cmd.ProcessState.ExitCode() < 0; !killed && err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return out, killed
	}
	ways := 0
	for point, again := 1, true; again; point++ {
		again = false
		for _, side := range []string{"BEFORE", "AFTER"} {
			volume := filepath.Join(t.TempDir(), "v")
			writeFiles(t, volume, old)
			out, killed := run(volume, fmt.Sprintf("%s=%d", side, point))
			if killed {
				again = true
				ways++
				out, _ = run(volume)
			}
			if _, err := os.Stat(filepath.Join(volume, ".colab-tray-restore")); err == nil {
				t.Error("the staging is left")
			}
			got := strings.Split(listFiles(t, volume), "|")
			for _, pair := range strings.Fields(want) {
				if !slices.Contains(got, pair) {
					t.Fatalf("%s %d: %s is lost: %q %s", side, point, pair, got, out)
				}
			}
			if !killed && len(got) != len(strings.Fields(want)) {
				t.Errorf("it has %q", got)
			}
		}
	}
	if ways < 12 {
		t.Errorf("killed in %d ways", ways)
	}
}

// TestMergeScriptSeeds: files of the image never replace files of the volume.
func TestMergeScriptSeeds(t *testing.T) {
	volume := filepath.Join(t.TempDir(), "v")
	writeFiles(t, volume, "a=mine dir/x=mine")
	writeFiles(t, filepath.Join(volume, ".colab-tray-restore", "new"), "a=its dir/x=its dir/y=its")
	if out, err := exec.Command("sh", "-c", mergeScript, "sh", "seed", volume, "").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := listFiles(t, volume); got != sorted("a=mine dir/x=mine dir/y=its") {
		t.Errorf("it has %q", got)
	}
}
