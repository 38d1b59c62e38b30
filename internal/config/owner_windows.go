package config

import "io/fs"

// ownedByUs checks nothing: on Windows a directory inherits private permissions from
// the person's profile directory.
func ownedByUs(fs.FileInfo) error { return nil }
