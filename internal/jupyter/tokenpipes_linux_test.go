package jupyter

import (
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPipesAreNoTokenStore: a pipe with the name of the token file is not opened, which
// would wait for its other end.
func TestPipesAreNoTokenStore(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/dev/zero", "/dev/tty"} {
		if _, err := NewTokenStore(path, slog.New(slog.DiscardHandler)).read(); err == nil {
			t.Errorf("%s as the file with the tokens is no error", path)
		}
	}
}
