package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"colabtray/internal/engine"
)

// putFile is a file that was put into a container: where it is, and by which key its
// config map has it. A key can have no slash.
type putFile struct {
	Path string `json:"path"` // relative to /
	Key  string `json:"key"`
}

// put is what was put into a container.
type put struct {
	Written time.Time `json:"written"`
	Files   []putFile `json:"files"`
}

// indexKey is the key under which a config map of files tells their paths.
const indexKey = "index.json"

// maxFiles is how many bytes a config map of files has at most: a cluster takes 1 MiB.
const maxFiles = 1 << 20

// filesName returns the name of the config map of a container's files. The name of a
// container has no dot.
func filesName(container string) string { return container + ".files" }

// filesOf returns the config map of the files for a container.
func filesOf(container string, owner ownerReference, files fs.FS, written time.Time) (configMap, error) {
	c := configMap{
		typeMeta:   typeMeta{"v1", "ConfigMap"},
		Metadata:   objectMeta{Name: filesName(container), Labels: labelsOf(container), OwnerReferences: []ownerReference{owner}},
		BinaryData: map[string][]byte{},
	}
	index, size := put{Written: written.UTC()}, 0
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		key := "file" + strconv.Itoa(len(index.Files))
		index.Files = append(index.Files, putFile{name, key})
		c.BinaryData[key] = content
		size += len(content)
		return err
	})
	if err != nil {
		return c, err
	}
	if size > maxFiles {
		return c, fmt.Errorf("the files for %s have %d bytes, more than a config map takes", container, size)
	}
	text, err := json.Marshal(index)
	c.Data = map[string]string{indexKey: string(text)}
	return c, err
}

// putOf reads what was put into a container. What does not look like files of ours is
// left out: it would become paths.
func putOf(c configMap) (index put, files fstest.MapFS) {
	files = fstest.MapFS{}
	if json.Unmarshal([]byte(c.Data[indexKey]), &index) != nil {
		return put{}, files
	}
	var valid []putFile
	for _, f := range index.Files {
		content, has := c.BinaryData[f.Key]
		if !has || !fs.ValidPath(f.Path) || f.Path == "." {
			continue
		}
		valid = append(valid, f)
		files[f.Path] = &fstest.MapFile{Data: content, Mode: 0o644}
	}
	index.Files = valid
	return index, files
}

// archived returns an archive of a path among the files that were put into a container,
// as engines make it: names begin with the last element of the path. The error is
// [fs.ErrNotExist] when it is none of these.
func archived(c configMap, name string) (io.Reader, error) {
	index, files := putOf(c)
	name = strings.Trim(path.Clean("/"+name), "/")
	if name == "" {
		return nil, fs.ErrNotExist
	}
	if f := files[name]; f != nil {
		return engine.TarOf(fstest.MapFS{path.Base(name): f}, index.Written)
	}
	inside := fstest.MapFS{}
	for file, f := range files {
		if below, is := strings.CutPrefix(file, name+"/"); is {
			inside[path.Join(path.Base(name), below)] = f
		}
	}
	if len(inside) == 0 {
		return nil, fs.ErrNotExist
	}
	return engine.TarOf(inside, index.Written)
}

// files returns the config map of a container's files; empty when there is none.
func (e *Engine) files(ctx context.Context, name string) (c configMap, err error) {
	err = e.api.get(ctx, e.path(configMaps, filesName(name)), nil, &c)
	if isMissing(err) {
		return configMap{}, nil
	}
	if err == nil && c.Metadata.Labels[labelManager] != managerName {
		return configMap{}, nil
	}
	return c, e.failure(err)
}

// Put implements [engine.Engine]. A container that runs has the files from its next start
// on.
func (e *Engine) Put(ctx context.Context, id string, files fs.FS, written time.Time) error {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	c, err := filesOf(r.Metadata.Name, ownerOf(*r), files, written)
	if err != nil {
		return err
	}
	if err := e.removeOurs(ctx, configMaps, c.Metadata.Name); err != nil {
		return e.failure(err)
	}
	return e.failure(e.api.create(ctx, e.path(configMaps), c, nil))
}

// Get implements [engine.Engine]. Of a container that does not run, only what was put into
// it can be read.
func (e *Engine) Get(ctx context.Context, id, name string) (io.ReadCloser, error) {
	r, err := e.found(ctx, id)
	if err != nil {
		return nil, err
	}
	files, err := e.files(ctx, r.Metadata.Name)
	if err != nil {
		return nil, err
	}
	packed, err := archived(files, name)
	if err == nil {
		return io.NopCloser(packed), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	_, err = e.running(ctx, id)
	if errors.Is(err, engine.ErrConflict) {
		return nil, fmt.Errorf("%w: %s: %w", engine.ErrNotFound, name, err)
	}
	if err != nil {
		return nil, err
	}
	return e.read(ctx, r.Metadata.Name, archiver(name))
}
