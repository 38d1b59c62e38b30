package tunnel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSomebodyElsesDir: a directory that others made is not used.
func TestSomebodyElsesDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(shortDir(t), "ssh")
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := newDirectory(dir, "ssh"); err == nil {
		t.Error("a link was used")
	}
	if os.Geteuid() != 0 {
		return
	}
	theirs := filepath.Join(shortDir(t), "ssh")
	if err := os.Mkdir(theirs, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(theirs, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := newDirectory(theirs, "ssh"); err == nil {
		t.Error("somebody else's directory was used")
	}
}

func TestParentOf(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	for dir, stays := range map[string]bool{
		"/run/user/1000/colab-tray/ssh":           true,
		"/home/me/.cache/colab-tray/ssh":          true,
		"/" + strings.Repeat("a", longestPath-13): true,
		"/" + strings.Repeat("a", longestPath-12): false,
		"/home/me/%h":      false,
		"/home/me/a:b":     false,
		"/home/me/a b":     false,
		"/home/me/${HOME}": false,
	} {
		got, err := parentOf(dir)
		if err != nil || (got == dir) != stays || len(got)+1+random > longestPath || strings.ContainsAny(got, "%: $") {
			t.Errorf("%q became %q (%v)", dir, got, err)
		}
	}
	t.Setenv("TMPDIR", "/"+strings.Repeat("t", 100))
	if got, err := parentOf("/" + strings.Repeat("a", 200)); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("without a short one it became %q (%v)", got, err)
	}
}
