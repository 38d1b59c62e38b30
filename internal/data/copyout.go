package data

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// OpenPath finds a file or folder of the volume for [Opened.Each]. The caller must keep
// others from the helpers, see [Store.Lock].
func (d *Store) OpenPath(ctx context.Context, name string) (Opened, error) {
	p, err := d.place(ctx)
	if err != nil {
		return Opened{}, err
	}
	rel, err := p.inVolume(d.Profile, name)
	if err != nil {
		return Opened{}, err
	}
	l, err := d.look(ctx, name, rel)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Entry: l.entry, store: d, at: l.path()}
	if l.isDir && (wantsContent(name) || strings.HasSuffix(name, "/") || l.base == "") {
		o.Entry.Kind, o.at = KindFolder, l.folder // what a link leads to
	}
	if o.Entry.Name = path.Base(path.Join(p.root, name)); path.IsAbs(name) {
		o.Entry.Name = path.Base(path.Clean(name))
	}
	switch o.Entry.Kind {
	case "":
		return o, noFileProblem(name)
	case KindOther:
		return o, specialFileProblem(name)
	}
	return o, nil
}

// Opened is a file, folder or link of the volume.
type Opened struct {
	Entry
	store *Store
	at    string
}

// Each calls each for what it is and all that is in it, folders first. All names, those
// that hard links lead to included, are relative to it and lead nowhere else. It returns how
// many devices, pipes and sockets it left out.
func (o Opened) Each(ctx context.Context, each func(name string, h *tar.Header, content io.Reader) error) (special int, err error) {
	return o.store.stream(ctx, o.at, each)
}

// CopyOut copies a file or folder of the volume to this computer. Nothing is in its place
// before all of it was read. The caller must keep others from the helpers, see
// [Store.Lock].
func (d *Store) CopyOut(ctx context.Context, o CopyOptions) (c Copied, err error) {
	from, err := d.OpenPath(ctx, o.Runtime)
	if err != nil {
		return c, err
	}
	x := &extraction{report: d.progressFor(StepCopy)}
	if from.Kind == KindFile {
		x.total = from.Size
	}
	if o.Host == "-" {
		return from.archive(ctx, x, o.Out)
	}
	to, err := onHost(o.Host)
	if err != nil {
		return c, err
	}
	s := source{name: from.Name, isDir: from.Kind == KindFolder, content: wantsContent(o.Runtime) || path.Clean(o.Runtime) == "/"}
	if s.isDir && from.at == "" {
		s.content = true
	}
	at, err := s.target(to, o.Host)
	if err != nil {
		return c, err
	}
	x.copied.To = filepath.Join(at.dir, at.name)
	root, err := os.OpenRoot(at.dir)
	if err != nil {
		return c, hostProblem(at.dir, err)
	}
	defer root.Close()
	part, err := newPart(root)
	if err != nil {
		return c, hostProblem(at.dir, err)
	}
	defer part.remove()
	if x.root, err = root.OpenRoot(part.files()); err != nil {
		return c, hostProblem(at.dir, err)
	}
	defer x.root.Close()
	x.top = at.name
	if x.copied.Special, err = from.Each(ctx, x.add); err != nil {
		return c, err
	}
	x.finish()
	m := mover{root}
	if err := m.check(part.files(), "."); err != nil {
		return c, err
	}
	if err := m.move(part.files(), "."); err != nil {
		return c, hostProblem(x.copied.To, err)
	}
	return x.copied, nil
}

// onHost finds out what is at a path of this computer.
func onHost(name string) (f found, err error) {
	f.slash = strings.HasSuffix(filepath.ToSlash(name), "/") || wantsContent(filepath.ToSlash(name))
	full, err := filepath.Abs(name)
	if err != nil {
		return f, hostProblem(name, err)
	}
	f.parent, f.base = filepath.Dir(full), filepath.Base(full)
	info, err := os.Stat(full)
	switch {
	case err == nil && info.IsDir():
		f.exists, f.isDir, f.dir = true, true, full
	case err == nil:
		f.exists = true
	case !errors.Is(err, fs.ErrNotExist):
		return f, hostProblem(name, err)
	}
	return f, nil
}

// extraction unpacks what is read from a volume into a new directory, in which nothing
// else writes. It follows no link, and writes over nothing.
type extraction struct {
	root   *os.Root
	top    string // the name of the first entry; empty for the directory itself
	dirs   []*tar.Header
	copied Copied
	total  int64
	report func(bytes, total int64)
}

func (x *extraction) place(name string) string { return path.Join(".", x.top, name) }

func (x *extraction) add(name string, h *tar.Header, content io.Reader) error {
	at := x.place(name)
	if parent, err := x.root.Lstat(filepath.FromSlash(path.Dir(at))); err != nil || !parent.IsDir() {
		return badEntryProblem(h.Name)
	}
	err := x.write(at, h, content)
	if errors.Is(err, fs.ErrExist) {
		return takenProblem(at)
	}
	return hostError(at, err)
}

func (x *extraction) write(at string, h *tar.Header, content io.Reader) error {
	local := filepath.FromSlash(at)
	switch h.Typeflag {
	case tar.TypeDir:
		entry := *h
		entry.Name = local
		x.dirs = append(x.dirs, &entry)
		if at == "." {
			return nil
		}
		return x.root.Mkdir(local, 0o700)
	case tar.TypeSymlink:
		x.copied.Files++
		return x.root.Symlink(h.Linkname, local)
	case tar.TypeLink:
		x.copied.Files++
		return x.root.Link(filepath.FromSlash(x.place(h.Linkname)), local)
	default:
		return x.file(local, h, content)
	}
}

func (x *extraction) file(local string, h *tar.Header, content io.Reader) error {
	f, err := x.root.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, &counted{content, x})
	err = errors.Join(err, f.Chmod(h.FileInfo().Mode().Perm()|0o600), f.Close())
	if err == nil {
		err = x.root.Chtimes(local, h.ModTime, h.ModTime)
	}
	x.copied.Files++
	return err
}

// finish gives the directories their modes and times, the innermost first. What cannot
// be set is no reason to be without the files.
func (x *extraction) finish() {
	for i := len(x.dirs) - 1; i >= 0; i-- {
		h := x.dirs[i]
		if h.Name == "." {
			continue
		}
		_ = x.root.Chmod(h.Name, h.FileInfo().Mode().Perm()|0o700)
		_ = x.root.Chtimes(h.Name, h.ModTime, h.ModTime)
	}
}

// Tar writes it as a tar archive.
func (o Opened) Tar(ctx context.Context, to io.Writer) (Copied, error) {
	return o.archive(ctx, &extraction{report: func(int64, int64) {}}, to)
}

func (o Opened) archive(ctx context.Context, x *extraction, to io.Writer) (Copied, error) {
	w := tar.NewWriter(to)
	var err error
	x.copied.Special, err = o.Each(ctx, func(name string, h *tar.Header, content io.Reader) error {
		entry := *h
		entry.Name, entry.Format = path.Join(o.Name, name), tar.FormatPAX
		switch h.Typeflag {
		case tar.TypeDir:
			entry.Name += "/"
		case tar.TypeLink:
			entry.Linkname = path.Join(o.Name, h.Linkname)
		}
		if h.Typeflag != tar.TypeDir {
			x.copied.Files++
		}
		if err := w.WriteHeader(&entry); err != nil {
			return err
		}
		_, err := io.Copy(w, &counted{content, x})
		return err
	})
	if err == nil {
		err = w.Close()
	}
	return x.copied, err
}

// counted counts what is read for the progress.
type counted struct {
	from io.Reader
	x    *extraction
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.x.copied.Bytes += int64(n)
	c.x.report(c.x.copied.Bytes, c.x.total)
	return n, err
}

// mover moves files that are complete to their place, where folders become one.
type mover struct{ root *os.Root }

// check returns an error where a file is in the place of a folder, or a folder in that
// of a file. It changes nothing.
func (m mover) check(from, to string) error {
	return m.each(from, to, func(old, name string, dir bool, there fs.FileInfo) error {
		if there == nil {
			return nil
		}
		if at, err := m.root.Stat(name); dir != there.IsDir() || err == nil && dir != at.IsDir() {
			return mismatchProblem(filepath.Join(m.root.Name(), name))
		}
		if dir {
			return m.check(old, name)
		}
		return nil
	})
}

func (m mover) move(from, to string) error {
	return m.each(from, to, func(old, name string, dir bool, there fs.FileInfo) error {
		if dir && there != nil {
			return m.move(old, name)
		}
		return m.root.Rename(old, name)
	})
}

// each calls do for each entry of a directory, with what has its name in the other one.
func (m mover) each(from, to string, do func(old, name string, dir bool, there fs.FileInfo) error) error {
	dir, err := m.root.Open(from)
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	_ = dir.Close()
	for _, e := range entries {
		if err != nil {
			return err
		}
		name := filepath.Join(to, e.Name())
		there, missing := m.root.Lstat(name)
		if missing != nil {
			there = nil
		}
		err = do(filepath.Join(from, e.Name()), name, e.IsDir(), there)
	}
	return err
}
