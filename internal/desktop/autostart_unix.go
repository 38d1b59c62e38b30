//go:build unix

package desktop

import (
	"os"
	"path/filepath"

	"github.com/moby/sys/atomicwriter"
)

// replaceFile replaces a file atomically, and makes the directories above it. Of a
// symbolic link it replaces the target, and the link itself where the target is
// missing.
func replaceFile(path, content string) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if _, err := os.Readlink(path); err == nil {
		_ = os.Remove(path) // atomicwriter refuses to replace a link
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicwriter.WriteFile(path, []byte(content), 0o644)
}
