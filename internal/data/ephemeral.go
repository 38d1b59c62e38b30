package data

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// ephemeral is the set of files that would be lost with a container. They are in
// Jupyter's working directories, and in the container's own layer or in a volume
// without a name.
type ephemeral struct {
	engine    engine.Engine
	container string
	account   engine.Account
	dirs      []string // Jupyter's working directories; one can contain another
	mounts    []engine.Mount
	paths     []string // in the container's own layer, sorted
	added     map[string]bool
	volumes   []engine.Mount
	nonEmpty  map[string]bool // the directories that files were read from
	helpers   *Store          // reads volumes; nil when there are none to read
}

// Lost counts the files that would be lost with a container.
type Lost struct {
	// Dirs are the directories that contain the files.
	Dirs []string
	// Files is how many files there are, and Bytes is their size.
	Files int
	Bytes int64
}

// isEmpty reports whether there cannot be any files.
func (o *ephemeral) isEmpty() bool { return len(o.paths) == 0 && len(o.volumes) == 0 }

// rootOption matches the option that sets a server's root directory.
var rootOption = regexp.MustCompile(`--(?:ServerApp\.root_dir|NotebookApp\.notebook_dir|notebook-dir)[= ]['"]?([^\s'"]+)`)

// workDirs lists the directories in which Jupyter works in a container: the home, the
// working directory, and the server's root directory if that is known.
func workDirs(k config.Kind, c engine.Container, a engine.Account, root string) []string {
	dirs := []string{a.WorkDir, a.Home}
	if option := rootOption.FindStringSubmatch(strings.Join(c.Cmd, " ")); option != nil {
		root = cmp.Or(root, path.Join(a.WorkDir, option[1]))
	}
	if k != config.KindColab && path.IsAbs(root) { // Colab's server has /, which is no working directory
		dirs = append(dirs, path.Clean(root))
	}
	if a.Home == "/" && a.WorkDir != "/" { // the account has no home
		dirs = slices.DeleteFunc(dirs, func(d string) bool { return d == "/" && path.Clean(root) != "/" })
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// findEphemeral finds the files that would be lost with a container.
func (d *Store) findEphemeral(ctx context.Context, c engine.Container) (*ephemeral, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	o := &ephemeral{engine: d.Engine, container: c.ID, mounts: c.Mounts, nonEmpty: map[string]bool{}, helpers: d}
	differ, keeps := engine.As[engine.Differ](d.Engine)
	if !c.Exists || c.StartedAt.IsZero() || !keeps {
		return o, nil
	}
	var err error
	if o.account, err = engine.AccountIn(ctx, d.Engine, c); err != nil {
		return nil, err
	}
	o.dirs = workDirs(d.Profile.Kind, c, o.account, d.RootOf(ctx, c))
	for _, m := range c.Mounts {
		if !m.IsPersistent() && o.dirOf(m.Target) != "" {
			o.volumes = append(o.volumes, m)
		}
	}
	if !slices.ContainsFunc(o.dirs, func(dir string) bool { return !c.Persists(dir) }) {
		return o, nil
	}
	added, changed, err := differ.Changed(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	o.added = map[string]bool{}
	for _, p := range added {
		o.added[p] = true
	}
	for _, p := range slices.Concat(added, changed) {
		if o.isPersonal(p) {
			o.paths = append(o.paths, p)
		}
	}
	slices.Sort(o.paths)
	return o, nil
}

// RootOf returns the root directory of a container's server; empty when it is not
// known. Only a running container can tell, so it is remembered once it has. Until then
// each call asks, which takes an engine long.
func (d *Store) RootOf(ctx context.Context, c engine.Container) string {
	if root := d.roots[c.ID]; root != "" || c.ID == "" {
		return root
	}
	root := d.AskRoot(ctx, c)
	if root != "" {
		d.roots[c.ID] = root
	}
	return root
}

// dirOf returns the innermost working directory that contains a path; empty when there
// is none.
func (o *ephemeral) dirOf(name string) string {
	best := ""
	for _, dir := range o.dirs {
		if engine.Within(dir, name) && len(dir) > len(best) {
			best = dir
		}
	}
	return best
}

// regenerated are directories that programs create again when needed.
var regenerated = []string{"__pycache__", ".ipynb_checkpoints", ".cache"}

// isPersonal reports whether a path is a person's work that lies in the container's own
// layer.
func (o *ephemeral) isPersonal(name string) bool {
	dir := o.dirOf(name)
	if dir == "" || dir == name || name == "/.dockerenv" {
		return false
	}
	if slices.ContainsFunc(engine.SystemDirs, func(s string) bool { return engine.Within(s, name) && !engine.Within(s, dir) }) {
		return false
	}
	if slices.ContainsFunc(o.mounts, func(m engine.Mount) bool { return engine.Within(m.Target, name) }) {
		return false
	}
	rel := relativeTo(dir, name)
	return !engine.Within(".local/share/jupyter/runtime", rel) &&
		!slices.ContainsFunc(strings.Split(rel, "/"), func(part string) bool { return slices.Contains(regenerated, part) })
}

// relativeTo returns a path relative to a directory that contains it.
func relativeTo(dir, name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
}

// each calls add for all files, with names relative to their working directories. It
// reads each path on its own unless an earlier archive contained it, because an
// engine's archive of a directory can lack files (see [engine.Volumes]).
func (o *ephemeral) each(ctx context.Context, add func(*tar.Header, io.Reader) error) error {
	seen := map[string]bool{}
	for _, p := range o.paths {
		if seen[p] {
			continue
		}
		err := o.read(ctx, p, o.added[p], func(name string) bool { return o.isPersonal(name) && !seen[name] }, func(name string, h *tar.Header, content io.Reader) error {
			seen[name] = true
			return o.emit(ctx, name, h, content, add)
		})
		if err != nil {
			return err
		}
	}
	for _, v := range o.volumes {
		if err := o.eachInVolume(ctx, v, add); err != nil {
			return err
		}
	}
	return nil
}

// read calls each for a path in the container. For a directory that is everything below
// it when whole is true, else nothing. An engine garbles names that are not UTF-8; read
// then looks for the file in the archive of its directory.
func (o *ephemeral) read(ctx context.Context, p string, whole bool, wants func(string) bool, each func(string, *tar.Header, io.Reader) error) error {
	archive, err := o.engine.Get(ctx, o.container, p)
	if errors.Is(err, engine.ErrNotFound) && strings.ContainsRune(p, utf8.RuneError) {
		return o.read(ctx, path.Dir(p), true, func(name string) bool {
			return wants(name) && engine.Within(p, string([]rune(name)))
		}, each)
	}
	if errors.Is(err, engine.ErrNotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	defer archive.Close()
	return eachEntry(archive, func(h *tar.Header, content io.Reader) error {
		name := path.Join(p, inArchive(h.Name))
		switch {
		case !whole && h.Typeflag == tar.TypeDir:
			return errStop
		case !wants(name):
			return nil
		}
		return each(name, h, content)
	})
}

// errStop ends the reading of an archive early.
var errStop = errors.New("stop reading")

// eachEntry calls each for every entry of an engine's archive, until the end or
// errStop.
func eachEntry(archive io.Reader, each func(*tar.Header, io.Reader) error) error {
	in := tar.NewReader(archive)
	for {
		h, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, tar.ErrHeader):
			return fmt.Errorf("%w: %w", backup.ErrChanged, err)
		case err != nil:
			return err
		}
		if err := each(h, in); errors.Is(err, errStop) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// emit calls add for one file. It passes on a hard link as a file of its own.
func (o *ephemeral) emit(ctx context.Context, name string, h *tar.Header, content io.Reader, add func(*tar.Header, io.Reader) error) error {
	dir := o.dirOf(name)
	entry := *h
	entry.Name = relativeTo(dir, name)
	if entry.Name == "" {
		return nil
	}
	if entry.Uid == 0 { // also when the engine does not know the owner
		entry.Uid, entry.Gid = o.account.UID, o.account.GID
	}
	switch h.Typeflag {
	case tar.TypeSymlink:
		if target := path.Join(path.Dir(name), h.Linkname); !path.IsAbs(h.Linkname) && !engine.Within(dir, target) {
			entry.Linkname = target
		}
	case tar.TypeLink:
		return o.read(ctx, name, false, func(string) bool { return true }, func(name string, h *tar.Header, content io.Reader) error {
			if h.Typeflag == tar.TypeLink {
				return fmt.Errorf("%s is a hard link to %s", name, h.Linkname)
			}
			return o.emit(ctx, name, h, content, add)
		})
	}
	if h.Typeflag != tar.TypeDir {
		o.nonEmpty[dir] = true
	}
	return add(&entry, content)
}

// directories lists the directories that files were read from, fit to be shown.
func (o *ephemeral) directories() []string {
	var dirs []string
	for _, dir := range slices.Sorted(maps.Keys(o.nonEmpty)) {
		dirs = append(dirs, i18n.Line(dir))
	}
	return dirs
}

// eachInVolume calls add for all files in a volume without a name.
func (o *ephemeral) eachInVolume(ctx context.Context, v engine.Mount, add func(*tar.Header, io.Reader) error) (err error) {
	helper, err := o.helpers.readerOf(ctx, v.Volume, engine.HelperDataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.helpers.remove(context.WithoutCancel(ctx), helper)) }()
	archive, err := o.helpers.read(ctx, helper)
	if err != nil {
		return err
	}
	defer archive.Close()
	return eachEntry(archive, func(h *tar.Header, content io.Reader) error {
		name := path.Join(v.Target, inArchive(h.Name))
		if name == v.Target || slices.ContainsFunc(o.mounts, func(m engine.Mount) bool {
			return m != v && engine.Within(v.Target, m.Target) && engine.Within(m.Target, name)
		}) {
			return nil
		}
		if h.Typeflag == tar.TypeLink {
			dir := o.dirOf(name)
			entry := *h
			entry.Name, entry.Linkname = relativeTo(dir, name), relativeTo(dir, path.Join(v.Target, inArchive(h.Linkname)))
			return add(&entry, content)
		}
		return o.emit(ctx, name, h, content, add)
	})
}

// inArchive removes the first directory from a name in an engine's archive. In Podman's
// archives of a volume the names begin with / instead.
func inArchive(name string) string {
	if rest, isAbsolute := strings.CutPrefix(name, "/"); isAbsolute {
		return strings.TrimSuffix(rest, "/")
	}
	_, rest, _ := strings.Cut(strings.Trim(name, "/"), "/")
	return rest
}

// eachInDirs calls add for all files in directories of the container. When several
// directories have a file of the same relative name, only the first counts.
func (o *ephemeral) eachInDirs(ctx context.Context, dirs []string, add func(*tar.Header, io.Reader) error) error {
	seen := map[string]bool{}
	for _, dir := range dirs {
		err := o.read(ctx, dir, true, func(string) bool { return true }, func(name string, h *tar.Header, content io.Reader) error {
			if rel := relativeTo(dir, name); seen[rel] && h.Typeflag != tar.TypeDir {
				return nil
			} else {
				seen[rel] = true
			}
			return o.emit(ctx, name, h, content, add)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// asBackupPart returns the files as a part of a backup. Files whose names are taken go
// into the directory aside.
func (o *ephemeral) asBackupPart(ctx context.Context, aside string) *backup.Extra {
	return &backup.Extra{
		Each:         func(add func(*tar.Header, io.Reader) error) error { return o.each(ctx, add) },
		RecoveredDir: aside, UID: o.account.UID, GID: o.account.GID,
	}
}
