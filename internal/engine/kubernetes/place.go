package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"colabtray/internal/config"
)

const (
	placePrefix = "k"
	placeLock   = "lock"
	socketName  = "api"
	// longestSocket is the length of the longest path of a socket on macOS, without the
	// zero at its end.
	longestSocket = 103
)

// place is the private directory of one engine's socket.
type place struct {
	path string
	lock *flock.Flock
}

// newPlace makes a directory below dir that only this person can read, and removes those
// that dead processes have left there.
func newPlace(dir string) (*place, error) {
	if len(filepath.Join(dir, placePrefix+"0123456789", socketName)) > longestSocket {
		dir = os.TempDir() // MkdirTemp makes what is in it private
	} else if err := config.EnsurePrivateDir(dir); err != nil {
		return nil, err
	} else {
		removeStale(dir)
	}
	path, err := os.MkdirTemp(dir, placePrefix)
	if err != nil {
		return nil, err
	}
	p := &place{path, flock.New(filepath.Join(path, placeLock))}
	if locked, err := p.lock.TryLock(); err != nil || !locked {
		return nil, errors.Join(fmt.Errorf("%s could not be locked", path), err, os.RemoveAll(path))
	}
	return p, nil
}

// removeStale removes the directories whose program is gone. One without a lock is being
// made.
func removeStale(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if _, err := os.Lstat(filepath.Join(path, placeLock)); err != nil || !entry.IsDir() || !strings.HasPrefix(entry.Name(), placePrefix) {
			continue
		}
		lock := flock.New(filepath.Join(path, placeLock))
		if free, err := lock.TryLock(); err == nil && free {
			_ = lock.Close()
			_ = os.RemoveAll(path)
		}
	}
}

// socket returns the path of the socket. kubectl does not remove its own.
func (p *place) socket() string { return filepath.Join(p.path, socketName) }

func (p *place) remove() error {
	return errors.Join(p.lock.Close(), os.RemoveAll(p.path))
}
