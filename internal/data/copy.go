package data

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"path"
	"path/filepath"
	"strings"

	"colabtray/internal/backup"
	"colabtray/internal/engine"
)

// CopyOptions tell what to copy.
type CopyOptions struct {
	// Runtime is the path in the runtime, absolute or relative to the root of the
	// notebooks.
	Runtime string
	// Host is the path on this computer; "-" for a tar archive, which is read from In
	// or written to Out.
	Host string
	In   io.Reader
	Out  io.Writer
	// Progress is called with the progress of the work; it can be nil.
	Progress func(Progress)
}

// Copied tells what was copied.
type Copied struct {
	Files int
	Bytes int64
	// Special counts the devices, pipes and sockets that were left out.
	Special int
	// To is where the copy is.
	To string
}

// target is where a copy goes: what is copied gets the name, in the folder. An empty name
// stands for the content of the folder that is copied, without that folder.
type target struct{ dir, name string }

// source is the end of a copy that is read, as far as it matters where the copy goes.
type source struct {
	name    string
	isDir   bool
	content bool // the content of the folder and not the folder: "dir/."
}

// found is what is at the end of a copy that is written.
type found struct {
	exists, isDir bool
	dir           string // the folder itself, where it is one
	parent, base  string
	slash         bool // the path was given with a / at its end
}

// target decides where a copy goes, as docker cp does. A folder that exists gets the
// copy under the name of what is copied; anything else is the name of the copy.
func (s source) target(to found, name string) (target, error) {
	switch {
	case to.isDir && s.content:
		return target{dir: to.dir}, nil
	case to.isDir:
		return target{to.dir, s.name}, nil
	case to.exists && s.isDir:
		return target{}, mismatchProblem(name)
	case to.exists && to.slash, !s.isDir && to.slash:
		return target{}, noFileProblem(name)
	default:
		return target{to.parent, to.base}, nil
	}
}

// wantsContent reports whether a path asks for the content of a folder: "dir/." or ".".
func wantsContent(name string) bool {
	return name == "." || strings.HasSuffix(name, "/.")
}

// entryName returns the name of an entry of an archive relative to its first entry, or
// false when the entry could be outside of it.
func entryName(h *tar.Header) (name string, good bool) {
	name = inArchive(h.Name)
	if name == "" {
		return "", true
	}
	local := path.Clean(name) == name && filepath.IsLocal(filepath.FromSlash(name)) &&
		(filepath.Separator == '/' || !strings.ContainsRune(name, filepath.Separator))
	return name, local && !strings.ContainsRune(name, 0)
}

// check returns the name of an entry of an archive relative to its first entry. The
// target of a hard link becomes such a name, too. The archive may be hostile: the helper
// that made it ran a program of the image.
func check(h *tar.Header) (name string, err error) {
	name, good := entryName(h)
	if !good || backup.IsSparse(h) || h.Size < 0 {
		return "", badEntryProblem(h.Name)
	}
	if h.Typeflag == tar.TypeLink {
		target, good := entryName(&tar.Header{Name: h.Linkname})
		if !good {
			return "", badEntryProblem(h.Linkname)
		}
		h.Linkname = target
	}
	return name, nil
}

// stream reads what is at a path of the volume. It calls each for every file, folder and
// link, under its name relative to the path, and counts what it leaves out.
func (d *Store) stream(ctx context.Context, at string, each func(name string, h *tar.Header, content io.Reader) error) (special int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full := path.Join(engine.HelperDataDir, at)
	helper, err := d.readerOf(ctx, d.Profile.Volume(), full)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.removeOne(ctx, helper)) }()
	archive, err := d.readPath(ctx, helper, full)
	if err != nil {
		return 0, err
	}
	defer archive.Close()
	err = eachEntry(archive, func(h *tar.Header, content io.Reader) error {
		name, err := check(h)
		if err != nil || isOurs(path.Join(at, name)) {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir, tar.TypeReg, tar.TypeSymlink, tar.TypeLink:
			return each(name, h, content)
		default:
			special++
			return nil
		}
	})
	switch {
	case ctx.Err() != nil:
		return special, ctx.Err()
	case errors.Is(err, engine.ErrChanged), errors.Is(err, backup.ErrChanged):
		return special, changedProblem(d.Profile, err)
	}
	return special, err
}
