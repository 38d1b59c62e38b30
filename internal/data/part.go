package data

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	goruntime "runtime"

	"github.com/gofrs/flock"
)

// part is a directory beside the place of a copy, in which the copy is made: a rename
// then puts it there. While its program lives, the program holds the lock in it.
type part struct {
	beside *os.Root
	name   string
	lock   *flock.Flock
}

const (
	partLock  = "lock"
	partFiles = "files" // what is copied
)

// copyPartName matches the name of a part. In a directory of the person's, nothing else is
// touched.
var copyPartName = regexp.MustCompile(`^\.colab-tray-[A-Z2-7]{26}\.part$`)

// newPart makes a part in a directory.
func newPart(beside *os.Root) (*part, error) {
	removeStaleParts(beside)
	for attempt := 1; ; attempt++ {
		name := ".colab-tray-" + rand.Text() + ".part"
		p := &part{beside, name, flock.New(filepath.Join(beside.Name(), name, partLock))}
		err := p.make()
		if err == nil {
			return p, nil
		}
		p.remove()
		if attempt == 3 || !errors.Is(err, fs.ErrNotExist) { // it was taken for a stale one before it had its lock
			return nil, err
		}
	}
}

func (p *part) make() error {
	if err := p.beside.Mkdir(p.name, 0o700); err != nil {
		return err
	}
	if locked, err := p.lock.TryLock(); err != nil || !locked {
		// There are file systems without locks: then nobody takes the part for a stale one.
		_ = p.lock.Close()
		_ = p.beside.Remove(filepath.Join(p.name, partLock))
	}
	return p.beside.Mkdir(p.files(), 0o700)
}

// files returns the directory for what is copied.
func (p *part) files() string { return filepath.Join(p.name, partFiles) }

// remove removes the part. Windows keeps files that are open.
func (p *part) remove() {
	_ = p.lock.Close()
	_ = p.beside.RemoveAll(p.name)
}

// removeStaleParts removes the parts in a directory whose programs were killed.
func removeStaleParts(beside *os.Root) {
	entries, _ := os.ReadDir(beside.Name())
	for _, e := range entries {
		name := e.Name()
		switch {
		case !copyPartName.MatchString(name) || !isPartDir(beside, name):
		case isStalePart(beside, name):
			_ = beside.RemoveAll(name)
		default:
			// That removes an empty directory alone. Its program was killed before it had
			// the lock, or else makes another one.
			_ = beside.Remove(name)
		}
	}
}

// isPartDir reports whether a directory is like that of a part.
func isPartDir(beside *os.Root, name string) bool {
	info, err := beside.Lstat(name)
	return err == nil && info.IsDir() && (goruntime.GOOS == "windows" || info.Mode().Perm() == 0o700)
}

// isStalePart reports whether a directory is a part whose lock nobody holds.
func isStalePart(beside *os.Root, name string) bool {
	at := filepath.Join(name, partLock)
	if info, err := beside.Lstat(at); err != nil || !info.Mode().IsRegular() || info.Size() != 0 {
		return false
	}
	lock := flock.New(filepath.Join(beside.Name(), at))
	defer lock.Close()
	locked, err := lock.TryLock()
	return locked && err == nil
}
