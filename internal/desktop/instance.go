package desktop

import (
	"fmt"
	"path/filepath"

	"colabtray/internal/i18n"

	"github.com/gofrs/flock"
)

// Acquire makes this process the only one that holds the lock of the directory,
// which must exist. first is false when another process holds it. The lock ends
// with release, which can be called in any case and more than once, or with the
// process, however it ends. The lock's file stays behind, empty.
func Acquire(dir string) (release func(), first bool, err error) {
	lock := flock.New(filepath.Join(dir, "instance.lock"))
	release = func() { _ = lock.Close() }
	first, err = lock.TryLock()
	if err != nil {
		return release, false, fmt.Errorf("%s: %w", i18n.T("desktop.instance"), err)
	}
	return release, first, nil
}
