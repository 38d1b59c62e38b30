package runtime

import (
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"colabtray/internal/data"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// TestOwnDiskIsFull: where the disk of the program's own files has no room, a runtime
// starts all the same, nothing is deleted that could not be backed up, and nothing half
// made is left.
func TestOwnDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=16k", "colab-tray-test", dir).CombinedOutput()
	testenv.Need(t, "to be allowed to mount a small disk: "+string(out), err == nil)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	r := newRig(t, inMemory(t), testenv.Notebook6)
	r.backups = filepath.Join(dir, "backups")
	before := r.fill()
	r.tokens = jupyter.NewTokenStore(filepath.Join(dir, "tokens.json"), slog.New(slog.DiscardHandler))
	full, err := os.Create(filepath.Join(dir, "full"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(full, zeros{}); err == nil {
		t.Fatal("the disk has no end")
	}
	if err := full.Close(); err != nil {
		t.Fatal(err)
	}

	r.Open()
	r.mustServe(r.mustStart().URL)
	r.mustServe(r.must(r.Restart).URL)
	_, err = r.Delete(t.Context(), data.DeleteOptions{Data: true})
	r.Problem(err, problem.BackupFailed)
	r.sameContent(before)
	onlyFiles(t, r.backups)
	onlyFiles(t, dir, "backups", "full")
}
