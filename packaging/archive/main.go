// Command archive packs a folder into a .tar.gz or .zip file. The same files always
// give the same bytes: entries are sorted by name, owned by root, and have the same
// time.
//
//	archive OUT FOLDER
//
// The time is $SOURCE_DATE_EPOCH, in seconds since 1970.
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("archive: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: archive OUT FOLDER")
	}
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		log.Fatal("SOURCE_DATE_EPOCH: ", err)
	}
	if err := pack(os.Args[1], os.Args[2], time.Unix(seconds, 0).UTC()); err != nil {
		log.Fatal(err)
	}
}

// pack writes the files of a folder to the archive out, below the folder's name.
func pack(out, folder string, modified time.Time) error {
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	defer file.Close()
	format := tarGz
	if strings.HasSuffix(out, ".zip") {
		format = zipped
	}
	add, finish := format(file, modified)

	// WalkDir goes in lexical order.
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		name, err := filepath.Rel(filepath.Dir(folder), path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return add(filepath.ToSlash(name), info.Mode().Perm(), content)
	})
	if err != nil {
		return err
	}
	if err := finish(); err != nil {
		return err
	}
	return file.Close()
}

// An adder writes one file into an archive.
type adder func(name string, mode fs.FileMode, content []byte) error

func tarGz(out io.Writer, modified time.Time) (add adder, finish func() error) {
	compressed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	archive := tar.NewWriter(compressed)
	add = func(name string, mode fs.FileMode, content []byte) error {
		header := &tar.Header{Name: name, Mode: int64(mode), Size: int64(len(content)), ModTime: modified, Uname: "root", Gname: "root"}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	}
	finish = func() error {
		if err := archive.Close(); err != nil {
			return err
		}
		return compressed.Close()
	}
	return add, finish
}

func zipped(out io.Writer, modified time.Time) (add adder, finish func() error) {
	archive := zip.NewWriter(out)
	add = func(name string, mode fs.FileMode, content []byte) error {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: modified}
		header.SetMode(mode)
		w, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	}
	return add, archive.Close
}
