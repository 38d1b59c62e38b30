package app

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFirstStart(t *testing.T) {
	dir := t.TempDir()
	if !firstStart(dir) || firstStart(dir) {
		t.Error("not exactly one start is the first")
	}
	if firstStart(filepath.Join(dir, "missing")) {
		t.Error("what cannot be noted would be said at each start")
	}
	used := t.TempDir()
	if err := os.WriteFile(filepath.Join(used, "tokens.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if firstStart(used) {
		t.Error("who has used the program is welcomed")
	}
}
