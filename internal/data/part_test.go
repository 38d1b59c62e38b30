package data

import (
	"os"
	"path/filepath"
	"testing"
)

// TestStaleParts: of all that has the name of a part, only what is one is removed, and
// only if nobody holds it.
func TestStaleParts(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	live, err := newPart(root)
	if err != nil {
		t.Fatal(err)
	}
	killed, err := newPart(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, killed.files(), "half"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = killed.lock.Close() // as the end of the program does

	early := filepath.Join(dir, ".colab-tray-BBBBBBBBBBBBBBBBBBBBBBBBBB.part") // killed before it had its lock
	if err := os.Mkdir(early, 0o700); err != nil {
		t.Fatal(err)
	}

	const name = ".colab-tray-AAAAAAAAAAAAAAAAAAAAAAAAA"
	others := []string{name + "A.part", name + "B.part/lock/x", name + "C.part/other", name + "D.part/lock", name + "E.part/lock", name + ".part/lock", "work/lock"}
	for _, other := range others {
		full := filepath.Join(dir, other)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		content := ""
		if other == name+"D.part/lock" {
			content = "somebody's"
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, name+"E.part"), 0o755); err != nil {
		t.Fatal(err)
	}
	others = append(others, name+"G.part")
	if err := os.Mkdir(filepath.Join(dir, name+"G.part"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("work", filepath.Join(dir, name+"F.part")); err != nil {
		t.Fatal(err)
	}

	next, err := newPart(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, there := range append(others, live.files(), next.files(), name+"F.part") {
		if _, err := os.Lstat(filepath.Join(dir, there)); err != nil {
			t.Error(err)
		}
	}
	for _, gone := range []string{filepath.Join(dir, killed.name), early} {
		if _, err := os.Lstat(gone); err == nil {
			t.Errorf("%s of a killed program is still there", gone)
		}
	}
	live.remove()
	next.remove()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != len(others)+1 {
		t.Errorf("left are %v, %v", entries, err)
	}
}
