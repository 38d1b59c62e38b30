package backup

import (
	"archive/tar"
	"fmt"
	"io"
	"path"

	"colabtray/internal/i18n"
)

// Extra has files for a backup besides the archive of a volume.
type Extra struct {
	// Each calls add for each entry, with its path in the volume. A directory need
	// not come before its content.
	Each func(add func(*tar.Header, io.Reader) error) error
	// RecoveredDir is the directory for entries whose paths are taken.
	RecoveredDir string
	// UID and GID own the root directory if there is no archive of a volume.
	UID, GID int
}

// extras adds extra files to a backup and counts them.
type extras struct {
	Source
	out     *tar.Writer
	seen    *entries
	omitted *Omitted
	moved   map[string]string // new paths by the paths that were taken
	files   int64             // how many were added, without directories
}

// add adds one entry. It never replaces another entry.
func (b *extras) add(h *tar.Header, content io.Reader) error {
	name, good := relative(h.Name)
	if !good || name == "." {
		return fmt.Errorf("%s: %s", i18n.T("backup.engineArchive"), displayName(h.Name))
	}
	entry := *h
	entry.Name = b.freeName(name, h.Typeflag)
	if entry.Name != name {
		b.moved[name] = entry.Name
	}
	if h.Typeflag == tar.TypeLink {
		target, _ := relative(h.Linkname)
		if to, is := b.moved[target]; is {
			target = to
		}
		entry.Linkname = target
	}
	if h.Typeflag == tar.TypeDir && b.seen.of(entry.Name) == directory {
		return nil
	}
	if err := b.addParents(entry.Name, h); err != nil {
		return err
	}
	before := b.seen.count
	if err := b.copy(b.out, b.seen, b.omitted, &entry, content); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeDir {
		b.files += b.seen.count - before
	}
	return nil
}

// freeName returns name, or a name in RecoveredDir if name is taken or one of its
// parents is not a directory. A directory may have the name of a directory.
func (b *extras) freeName(name string, typeflag byte) string {
	taken := func(name string) bool {
		if k := b.seen.of(name); k != 0 && (k != directory || typeflag != tar.TypeDir) {
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

// addParents adds the missing parents of an entry, with the entry's owner.
func (b *extras) addParents(name string, of *tar.Header) error {
	dir := path.Dir(name)
	if b.seen.of(dir) == directory {
		return nil
	}
	if err := b.addParents(dir, of); err != nil {
		return err
	}
	return b.copy(b.out, b.seen, b.omitted, &tar.Header{
		Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, Uid: of.Uid, Gid: of.Gid, ModTime: of.ModTime,
	}, nil)
}
