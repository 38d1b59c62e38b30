package config

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"colabtray/internal/i18n"
)

// OpenRegular opens a regular file for reading. For a directory, a device or a pipe
// it returns an error. It never blocks, as opening a pipe otherwise does until
// somebody opens the other end. It checks the type of the file that it has opened,
// so it is safe if the path changes meanwhile.
func OpenRegular(path string) (*os.File, error) {
	// The type is checked before as well: to open a device can have an effect on it.
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

// readOwn reads a file of at most maxFile bytes. It refuses a file that other users
// can change: see changedByOthers.
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

// writableByOthersError tells that other users can change a file, with the command
// that takes the permission from them.
type writableByOthersError struct{ short, command string }

func (e *writableByOthersError) Error() string { return e.short }
