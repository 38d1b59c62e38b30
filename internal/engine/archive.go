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

// TarOf packs a few small files into a tar archive. The files belong to root and
// everybody can read them. Their modification time is written.
func TarOf(files fs.FS, written time.Time) (io.Reader, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := eachFile(files, func(path string, entry fs.DirEntry, content []byte) error {
		if slices.Contains(imageDirs, path) {
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

// imageDirs are directories that every image has. TarOf leaves them out, because the
// image chose their owners and modes.
var imageDirs = []string{"opt", "usr", "usr/local", "usr/local/etc"}

// eachFile calls do for each file and directory of files, parents first.
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

// maxFile is how much of a file is read from a container, in bytes, because its content
// may be hostile.
const maxFile = 64 << 10

// ReadFile returns the content of the first file in an archive, at most 64 KiB. It
// returns nil when that is not a regular file.
func ReadFile(archive io.Reader) ([]byte, error) {
	r := tar.NewReader(archive)
	header, err := r.Next()
	if err != nil {
		return nil, err
	}
	if header.Typeflag != tar.TypeReg {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(r, maxFile))
}
