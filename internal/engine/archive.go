package engine

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
)

// TarOf packs files, which are few and small. They are owned by root, readable
// by all.
func TarOf(files fs.FS, written time.Time) (io.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := eachFile(files, func(path string, entry fs.DirEntry, content []byte) error {
		if slices.Contains(system, path) {
			return nil
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: path, Mode: 0o644, Size: int64(len(content)), ModTime: written}
		if entry.IsDir() {
			header = &tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: 0o755, ModTime: written}
		}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		_, err := w.Write(content)
		return err
	})
	return &buf, errors.Join(err, w.Close())
}

// system are directories that each image has, with an owner and a mode of its
// own.
var system = []string{"opt", "usr", "usr/local", "usr/local/etc"}

// eachFile calls do for each file and directory, parents first.
func eachFile(files fs.FS, do func(path string, entry fs.DirEntry, content []byte) error) error {
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		var content []byte
		if !entry.IsDir() {
			if content, err = fs.ReadFile(files, path); err != nil {
				return err
			}
		}
		return do(path, entry, content)
	})
}
