package config

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"colabtray/internal/i18n"
)

// OpenRegular opens a file to read it. What is no regular file is refused, and
// never waited for: a pipe would wait for its other end. What is looked at is
// what was opened, whatever the name stands for by then.
func OpenRegular(path string) (*os.File, error) {
	// A device is not opened at all, which can do something to it.
	info, err := os.Stat(path)
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		err = regular(info)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func regular(info fs.FileInfo) error {
	switch {
	case info.Mode().IsRegular():
		return nil
	case info.IsDir():
		return errors.New(i18n.T("config.directory"))
	default:
		return errors.New(i18n.T("config.notRegular"))
	}
}

var errTooLarge = errors.New("the file is too large")

// readOwn reads a file of at most maxFile bytes that nobody else can change.
func readOwn(path string) ([]byte, error) {
	f, err := OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := changedByOthers(f, path); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errTooLarge
	}
	return text, err
}

// writableByOthersError tells that others than the person can change a file, and the
// command that ends it.
type writableByOthersError struct{ short, command string }

func (e *writableByOthersError) Error() string { return e.short }
