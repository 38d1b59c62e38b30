package gateway

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/gofrs/flock"
)

// ErrHeld means that another process of this person has the gateway of the same runtime
// at the same port. It serves as well as our own.
var ErrHeld = errors.New("another process has this gateway")

// ErrInUse means that somebody else listens at the port.
var ErrInUse = errors.New("the port is in use")

// isInUse reports whether the error is that of a port in use. Windows has a number of its
// own for it.
func isInUse(err error) bool {
	var number syscall.Errno
	const windows = 10048 // WSAEADDRINUSE
	return errors.As(err, &number) && (number == syscall.EADDRINUSE || runtime.GOOS == "windows" && number == windows)
}

// lock takes the lock that tells a person's own gateway to the same runtime from any other
// listener at its port. It ends with release or with the process. An empty file stays
// behind.
func lock(dir, target string, port int) (release func(), err error) {
	hash := sha256.Sum256([]byte(target)) // can be in the name of a file
	l := flock.New(filepath.Join(dir, fmt.Sprintf("gateway-%d-%x.lock", port, hash[:8])), flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err == nil && !got {
		err = ErrHeld
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return func() { _ = l.Close() }, nil
}

// IsHeld reports whether a process of this person has the gateway to a target at a port.
func IsHeld(dir, target string, port int) bool {
	release, err := lock(dir, target, port)
	if err == nil {
		release()
	}
	return errors.Is(err, ErrHeld)
}
