package desktop

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"colabtray/internal/i18n"

	"github.com/gofrs/flock"
)

// Acquire takes the lock of a directory, which must exist. first is false when another
// process holds the lock. The lock ends with release or with the process, however the
// process ends. release is never nil and can be called more than once. An empty lock
// file stays behind.
func Acquire(dir string) (release func(), first bool, err error) {
	lock := flock.New(filepath.Join(dir, "instance.lock"))
	release = func() { _ = lock.Close() }
	first, err = lock.TryLock()
	if err != nil {
		return release, false, fmt.Errorf("%s: %w", i18n.T("desktop.instance"), err)
	}
	return release, first, nil
}

// askAgainTime is how often the lock is tried for: it has no event for its end.
const askAgainTime = 50 * time.Millisecond

// AwaitRelease waits until no process holds the lock of a directory any more. It fails
// when that takes longer than limit.
func AwaitRelease(ctx context.Context, dir string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	lock := flock.New(filepath.Join(dir, "instance.lock"))
	defer lock.Close()
	_, err := lock.TryLockContext(ctx, askAgainTime)
	return err
}
