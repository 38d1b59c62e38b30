package tunnel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"colabtray/internal/child"
)

// The names of the sockets in a directory have at most longestName bytes. While ssh
// makes its control socket, that has a name 17 bytes longer. The address of a socket has
// 104 bytes on macOS and 108 on Linux, with a zero at the end.
const (
	longestName = len("s12345")
	longestPath = 103 - 17 - 1 - longestName
	random      = 11 // the name of a directory, by os.MkdirTemp
)

// prefix is that of the names of directories.
const prefix = "t"

// control is the name of ssh's control socket.
const control = "ctl"

// lockName is the name of the file that a living tunnel has locked.
const lockName = "lock"

// directory is the private directory of one tunnel's sockets.
type directory struct {
	path string
	lock *flock.Flock
}

// newDirectory makes a directory below dir, and removes those that dead processes have
// left there: a control socket that nobody serves would make ssh log in anew.
func newDirectory(dir, program string) (*directory, error) {
	dir, err := parentOf(dir)
	if err != nil {
		return nil, err
	}
	if err := makePrivate(dir); err != nil {
		return nil, err
	}
	// Others neither see a directory before it is locked nor remove one twice.
	lock := flock.New(filepath.Join(dir, lockName))
	if err := lock.Lock(); err != nil {
		return nil, err
	}
	defer lock.Close()
	removeStale(dir, program)
	path, err := os.MkdirTemp(dir, prefix)
	if err != nil {
		return nil, err
	}
	d := &directory{path, flock.New(filepath.Join(path, lockName))}
	if is, err := d.lock.TryLock(); err != nil || !is {
		return nil, fmt.Errorf("%s could not be locked (%w)", path, err)
	}
	return d, nil
}

// parentOf returns dir, or a directory that stands for it where its path is too long for
// sockets or has characters with a meaning to ssh.
func parentOf(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	fits := func(dir string) bool {
		return len(dir)+1+random <= longestPath && checkPath(filepath.ToSlash(strings.TrimPrefix(dir, filepath.VolumeName(dir)))) == nil && !strings.Contains(dir, " ")
	}
	if fits(dir) {
		return dir, nil
	}
	hash := sha256.Sum256([]byte(dir))
	short := filepath.Join(os.TempDir(), "ct-"+hex.EncodeToString(hash[:6]))
	if !fits(short) {
		return "", fmt.Errorf("neither %s nor %s can have sockets: the paths would be too long", dir, short)
	}
	return short, nil
}

// makePrivate makes a directory that is this person's alone. Others can make it first
// where it is in a directory for all.
func makePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir() || !ownedByUs(info):
		return fmt.Errorf("%s is somebody else's", dir)
	case info.Mode().Perm()&0o077 == 0:
		return nil
	default:
		return os.Chmod(dir, 0o700)
	}
}

// removeStale removes directories whose tunnel is gone. An ssh that has outlived it is
// ended.
func removeStale(dir, program string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if _, err := os.Lstat(filepath.Join(path, lockName)); err != nil || !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		lock := flock.New(filepath.Join(path, lockName))
		if is, err := lock.TryLock(); err != nil || !is {
			continue
		}
		if _, err := os.Lstat(filepath.Join(path, control)); err == nil {
			exit := exec.Command(program, "-F", os.DevNull, "-S", filepath.Join(path, control), "-O", "exit", "--", "stale")
			if c, err := child.Start(exit); err == nil {
				select {
				case <-c.Ended():
				case <-time.After(time.Second):
					c.Kill()
				}
			}
		}
		_ = lock.Close()
		_ = os.RemoveAll(path)
	}
}

// name returns the path of a file in the directory.
func (d *directory) name(name string) string { return filepath.Join(d.path, name) }

// clear removes the sockets of an ssh that has ended.
func (d *directory) clear() error {
	entries, err := os.ReadDir(d.path)
	for _, entry := range entries {
		if entry.Name() != lockName {
			err = errors.Join(err, os.Remove(d.name(entry.Name())))
		}
	}
	return err
}

func (d *directory) remove() error {
	err := d.clear()
	return errors.Join(err, d.lock.Close(), os.RemoveAll(d.path))
}
