package testenv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// WriteSettings writes a settings file of the test's own, and returns its path,
// which the function tells for the environment as it is then.
func WriteSettings(t *testing.T, path func() string, text string) (file string) {
	t.Helper()
	home := os.Getenv("XDG_CONFIG_HOME")
	if !strings.HasPrefix(home, os.TempDir()) {
		home = t.TempDir()
		t.Setenv("XDG_CONFIG_HOME", home)
	}
	file = path()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	whole := file + ".new" // never to be read in part
	if err := errors.Join(os.WriteFile(whole, []byte(text), 0o600), os.Rename(whole, file)); err != nil {
		t.Fatal(err)
	}
	return file
}
