package data

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"colabtray/internal/problem"
)

// TestPipesAreRefused: a pipe with the name of a backup is not opened, which would wait
// for its other end.
func TestPipesAreRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/zero", "/dev/tty"} {
		var shown *problem.Problem
		_, err := (&Store{}).Open(path)
		if !errors.As(err, &shown) || shown.Code != problem.BadBackup || shown.Hint != path+": it is not a regular file." {
			t.Errorf("%s as a backup: %v", path, err)
		}
		for _, replace := range []bool{false, true} {
			if err := writable(path, replace); !errors.As(err, &shown) {
				t.Errorf("a backup to %s: %v", path, err)
			}
		}
	}
}
