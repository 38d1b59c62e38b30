//go:build unix

package data

import (
	"io/fs"
	"syscall"
)

// fileID names a file on this computer, whatever its names are.
type fileID struct{ device, inode uint64 }

// idOf returns the ID of a file, and whether the file has several names.
func idOf(info fs.FileInfo) (id fileID, several bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || s.Nlink < 2 {
		return fileID{}, false
	}
	return fileID{uint64(s.Dev), s.Ino}, true //nolint:unconvert // its type depends on the system
}
