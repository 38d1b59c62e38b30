//go:build unix

package data

import (
	"errors"
	"os"
	"path/filepath"
)

// syncDir makes the name of a file survive a crash of the machine.
func syncDir(file string) error {
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return fileProblem(file, err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fileProblem(file, err)
	}
	return nil
}
