package data

import "io/fs"

type fileID struct{}

// idOf knows no names of one file: each is copied as a file of its own.
func idOf(fs.FileInfo) (fileID, bool) { return fileID{}, false }
