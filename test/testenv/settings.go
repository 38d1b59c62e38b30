package testenv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// WriteSettings writes a settings file for one test, below a private XDG_CONFIG_HOME,
// and returns the path of the file. path must return that path for the environment at
// the time of the call.
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
	next := file + ".new" // renamed, so that no reader sees a part of it
	if err := errors.Join(os.WriteFile(next, []byte(text), 0o600), os.Rename(next, file)); err != nil {
		t.Fatal(err)
	}
	return file
}
