// Package logfile owns the file with the program's own log: the file stays small,
// only its owner can read it, and the program never fails because of it.
//
// The package does not own what is logged. It does not look for secrets: those are
// types that print redacted.
package logfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"colabtray/internal/config"
)

// The file is rotated when it would exceed maxFile bytes; one previous file is kept. A
// record is cut at maxRecord bytes, so that an error with a long text does not push out
// everything else.
const (
	maxFile   = 1 << 20
	maxRecord = 16 << 10
)

// Suffixes of file names beside the log.
const (
	aside = ".1"    // the previous log
	lock  = ".lock" // an empty file, locked by the process that rotates
)

// File is a log file. Several processes can write to one path: records are never
// mixed. Its methods can be called from any goroutine.
type File struct {
	path string
	max  int64

	mu     sync.Mutex
	file   *os.File // nil when there is none
	closed bool
}

var _ io.WriteCloser = (*File)(nil)

// Open returns a log file at path, whose directory must exist. The file itself is
// opened at the first Write, and again when somebody has moved or removed it.
func Open(path string) *File { return &File{path: path, max: maxFile} }

// Write writes a record, or drops it if the file cannot be written. It never fails.
func (f *File) Write(record []byte) (int, error) {
	n := len(record)
	if n > maxRecord {
		record = append(bytes.ToValidUTF8(record[:maxRecord-len("…\n")], nil), "…\n"...)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed && f.ensureOpen(int64(len(record))) {
		_, _ = f.file.Write(record)
	}
	return n, nil
}

// Close closes the file. Later writes are dropped. It never fails.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.closeFile()
	return nil
}

func (f *File) closeFile() {
	if f.file != nil {
		_ = f.file.Close()
		f.file = nil
	}
}

// ensureOpen opens the file, rotates it if it has no room for more bytes, and reports
// whether the record can be written.
func (f *File) ensureOpen(more int64) bool {
	size, ok := f.open()
	if !ok || size+more <= f.max {
		return ok
	}
	f.rotate(more)
	size, ok = f.open()
	// Where rotating fails, the file may grow to twice its size, and then no further:
	// it must not fill the disk.
	return ok && size+more <= 2*f.max
}

// open opens the file at the path, unless it is open already, and returns its size.
func (f *File) open() (size int64, ok bool) {
	atPath, err := os.Lstat(f.path)
	if err == nil && !atPath.Mode().IsRegular() {
		f.closeFile() // opening a pipe would not return
		return 0, false
	}
	if f.file != nil && err == nil {
		if opened, err := f.file.Stat(); err == nil && os.SameFile(opened, atPath) {
			return opened.Size(), true
		}
	}
	f.closeFile()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, false
	}
	_ = file.Chmod(0o600) // somebody else may have made the file
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return 0, false
	}
	f.file = file
	return info.Size(), true
}

// rotate renames the file if it has no room for more bytes, unless another process is
// doing that.
func (f *File) rotate(more int64) {
	rotating := flock.New(f.path+lock, flock.SetPermissions(0o600))
	defer rotating.Close()
	if locked, err := rotating.TryLock(); !locked || err != nil {
		return
	}
	f.closeFile() // Windows cannot rename an open file
	// Another process may have rotated the file just before.
	if info, err := os.Lstat(f.path); err == nil && info.Size()+more > f.max {
		_ = os.Rename(f.path, f.path+aside)
	}
}

// Tail returns the last n lines of the log at path, oldest first. It returns fewer
// where the log has fewer, and none where there is no log.
func Tail(path string, n int) ([]string, error) {
	var lines []string
	for _, name := range []string{path + aside, path} {
		text, err := read(name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	return lines[max(0, len(lines)-n):], nil
}

func read(path string) (string, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	file, err := config.OpenRegular(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 2*maxFile))
	return string(text), err
}
