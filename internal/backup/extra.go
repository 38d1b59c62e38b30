package backup

import (
	"archive/tar"
	"fmt"
	"io"
	"path"

	"colabtray/internal/i18n"
)

// Extra is what goes into a backup beside the archive of a volume.
type Extra struct {
	// Each gives the entries, with their paths in the volume. A directory need not
	// come before what is in it.
	Each func(add func(*tar.Header, io.Reader) error) error
	// RecoveredDir is the directory for entries whose places are taken.
	RecoveredDir string
	// UID and GID own the volume where there is no archive of one.
	UID, GID int
}

// extras adds what is beside the archive, and counts it.
type extras struct {
	Source
	out       *tar.Writer
	seen      *entries
	remaining *Omitted
	moved     map[string]string
	files     int64
}

// add adds one entry. No entry takes the place of another one.
func (b *extras) add(h *tar.Header, content io.Reader) error {
	name, good := relative(h.Name)
	if !good || name == "." {
		return fmt.Errorf("%s: %s", i18n.T("backup.engineArchive"), shown(h.Name))
	}
	given := *h
	given.Name = b.free(name, h.Typeflag)
	if given.Name != name {
		b.moved[name] = given.Name
	}
	if h.Typeflag == tar.TypeLink {
		target, _ := relative(h.Linkname)
		if to, is := b.moved[target]; is {
			target = to
		}
		given.Linkname = target
	}
	if h.Typeflag == tar.TypeDir && b.seen.of(given.Name) == directory {
		return nil
	}
	if err := b.parents(given.Name, h); err != nil {
		return err
	}
	before := b.seen.count
	if err := b.copy(b.out, b.seen, b.remaining, &given, content); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeDir {
		b.files += b.seen.count - before
	}
	return nil
}

// free returns a name whose place is not taken, and that is in directories alone.
func (b *extras) free(name string, is byte) string {
	taken := func(name string) bool {
		if k := b.seen.of(name); k != 0 && (k != directory || is != tar.TypeDir) {
			return true
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if k := b.seen.of(dir); k != 0 && k != directory {
				return true
			}
		}
		return false
	}
	free := name
	for n := 1; taken(free); n++ {
		free = path.Join(b.Extra.RecoveredDir, name)
		if n > 1 {
			free = path.Join(fmt.Sprintf("%s-%d", b.Extra.RecoveredDir, n), name)
		}
	}
	return free
}

// parents makes the directories that an entry is in, for its owner.
func (b *extras) parents(name string, of *tar.Header) error {
	dir := path.Dir(name)
	if b.seen.of(dir) == directory {
		return nil
	}
	if err := b.parents(dir, of); err != nil {
		return err
	}
	return b.copy(b.out, b.seen, b.remaining, &tar.Header{
		Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, Uid: of.Uid, Gid: of.Gid, ModTime: of.ModTime,
	}, nil)
}
