package memory

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"colabtray/internal/engine"
)

// file is a regular file or a directory. It is immutable: a change replaces it.
type file struct {
	header tar.Header // without its name
	data   []byte
}

// tree maps absolute paths to files. Parent directories need not have an entry.
type tree map[string]*file

func treeOf(files map[string]string, written time.Time) tree {
	t := tree{}
	for name, text := range files {
		t[path.Clean(name)] = regular([]byte(text), written)
	}
	return t
}

func regular(data []byte, written time.Time) *file {
	return &file{tar.Header{Typeflag: tar.TypeReg, Mode: 0o644, ModTime: written, Size: int64(len(data))}, data}
}

// under returns the sorted paths below a directory, at any depth.
func (t tree) under(dir string) []string {
	var names []string
	for name := range t {
		if dir == "/" || strings.HasPrefix(name, dir+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// locate returns the tree that holds a path of the container, and the path in that
// tree.
func (c *container) locate(name string) (tree, string) {
	name = path.Join("/", name)
	files, best := c.layer, ""
	for target, v := range c.mounts {
		if (name == target || strings.HasPrefix(name, target+"/")) && len(target) > len(best) {
			files, best = v.files, target
		}
	}
	return files, path.Join("/", strings.TrimPrefix(name, best))
}

// write puts a file into the container.
func (c *container) write(name string, f *file) {
	files, inTree := c.locate(name)
	files[inTree] = f
}

// archive packs a path of the container as engines do: names begin with the last
// element of the path. Deeper mounts are left out.
func (c *container) archive(name string) ([]byte, error) {
	files, inTree := c.locate(name)
	base := path.Base(path.Join("/", name))
	if base == "/" {
		base = "."
	}
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	add := func(name string, f *file) error {
		h := f.header
		h.Name = name
		if h.Typeflag == tar.TypeDir {
			h.Name += "/"
		}
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		_, err := w.Write(f.data)
		return err
	}
	top, inside := files[inTree], files.under(inTree)
	mounted := slices.ContainsFunc(slices.Collect(maps.Keys(c.mounts)), func(target string) bool { return target == path.Join("/", name) })
	switch {
	case top == nil && len(inside) == 0 && inTree != "/" && !mounted:
		return nil, fmt.Errorf("%w: %s in %s", engine.ErrNotFound, name, c.name)
	case top == nil:
		top = directory(time.Unix(0, 0))
	}
	err := add(base, top)
	for _, name := range files.withDirs(inTree, inside) {
		f := files[name]
		if f == nil {
			f = directory(time.Unix(0, 0))
		}
		err = errors.Join(err, add(path.Join(base, strings.TrimPrefix(name, inTree)), f))
	}
	err = errors.Join(err, w.Close())
	return packed.Bytes(), err
}

func directory(written time.Time) *file {
	return &file{tar.Header{Typeflag: tar.TypeDir, Mode: 0o755, ModTime: written}, nil}
}

// withDirs returns the paths together with their parent directories up to from, sorted.
func (t tree) withDirs(from string, names []string) []string {
	all := map[string]bool{}
	for _, name := range names {
		for ; name != from && name != "/"; name = path.Dir(name) {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// unpack unpacks an archive into a directory of the container.
func (c *container) unpack(dir string, archive io.Reader) error {
	in := tar.NewReader(archive)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		data, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		name := path.Join(dir, h.Name)
		entry := *h
		entry.Name = ""
		c.write(name, &file{entry, data})
	}
}

// Put implements [engine.Engine].
func (e *Engine) Put(ctx context.Context, id string, files fs.FS, written time.Time) error {
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	return fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		c.write("/"+name, regular(data, written))
		return err
	})
}

// Get implements [engine.Engine].
func (e *Engine) Get(ctx context.Context, id, name string) (io.ReadCloser, error) {
	c, err := e.find(ctx, id)
	if err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	packed, err := c.archive(name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(packed)), nil
}

// Unpack implements [engine.Volumes].
func (e *Engine) Unpack(ctx context.Context, id, dir string, archive io.Reader) error {
	all, err := io.ReadAll(archive) // before find locks the engine, because the sender may use the engine, too
	if err != nil {
		return err
	}
	c, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	defer e.mu.Unlock()
	return c.unpack(dir, bytes.NewReader(all))
}

// Changed implements [engine.Differ].
func (e *Engine) Changed(ctx context.Context, id string) (added, changed []string, err error) {
	c, err := e.find(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	defer e.mu.Unlock()
	for _, name := range c.layer.under("/") {
		switch before := c.fromImage[name]; {
		case before == nil:
			added = append(added, name)
		case before != c.layer[name]:
			changed = append(changed, name)
		}
	}
	return added, changed, nil
}
