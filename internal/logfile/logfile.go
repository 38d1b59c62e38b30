// Package logfile owns the file with the program's own log: that it stays
// small, that only its owner can read it, and that nothing ever fails because
// of it.
//
// It does not own what is logged. Secrets are types that print redacted; this
// package looks for none.
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

// The file is put aside when it has maxFile bytes, in the place of the one that
// was put aside before. What is written at once is cut at maxRecord bytes, so
// that an error with a long text does not drive out all else.
const (
	maxFile   = 1 << 20
	maxRecord = 16 << 10
)

// aside ends the name of the file that was put aside, and lock that of an empty
// one by which processes agree on who does that.
const (
	aside = ".1"
	lock  = ".lock"
)

// File is a log file. Several processes can write to one path, each record in
// one piece. Its methods can be called from any goroutine.
type File struct {
	path string
	max  int64

	mu     sync.Mutex
	file   *os.File // nil when there is none
	closed bool
}

var _ io.WriteCloser = (*File)(nil)

// Open makes a log file at path, whose directory must exist. The file itself is
// opened when there is something to write, and again when somebody has taken it
// away.
func Open(path string) *File { return &File{path: path, max: maxFile} }

// Write writes a record, or nothing where that is impossible: it never fails.
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

// Close ends writing. What is written after it is dropped.
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

// ensureOpen reports whether there is a file with room for so many bytes, which it
// opens or makes.
func (f *File) ensureOpen(more int64) bool {
	size, ok := f.open()
	if !ok || size+more <= f.max {
		return ok
	}
	f.rotate(more)
	size, ok = f.open()
	// Where it could not be put aside, a full one is still no reason to fill
	// the disk.
	return ok && size+more <= 2*f.max
}

// open sees to it that the open file is the one at the path, and returns its
// size.
func (f *File) open() (size int64, ok bool) {
	there, err := os.Lstat(f.path)
	if err == nil && !there.Mode().IsRegular() {
		f.closeFile() // opening a pipe would not return
		return 0, false
	}
	if f.file != nil && err == nil {
		if ours, err := f.file.Stat(); err == nil && os.SameFile(ours, there) {
			return ours.Size(), true
		}
	}
	f.closeFile()
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, false
	}
	_ = file.Chmod(0o600) // it may be from elsewhere
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return 0, false
	}
	f.file = file
	return info.Size(), true
}

// rotate makes room for so many bytes, unless another process is about it.
func (f *File) rotate(more int64) {
	agreement := flock.New(f.path+lock, flock.SetPermissions(0o600))
	defer agreement.Close()
	if first, err := agreement.TryLock(); !first || err != nil {
		return
	}
	f.closeFile() // Windows renames no open file
	// Another process may have done it just before.
	if info, err := os.Lstat(f.path); err == nil && info.Size()+more > f.max {
		_ = os.Rename(f.path, f.path+aside)
	}
}

// Tail returns the last lines of the log at path, at most n, oldest first. They
// are none where there is no log.
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
