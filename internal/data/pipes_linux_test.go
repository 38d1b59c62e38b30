package data

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"

	"colabtray/internal/problem"
)

// TestPipesAreRefused: nobody waits for the other end of a pipe that has the name
// of a backup.
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
