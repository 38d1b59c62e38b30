package tunnel

import "io/fs"

// ownedByUs reports whether a file is this person's: a person's directories for
// temporary files and for the data of programs are.
func ownedByUs(fs.FileInfo) bool { return true }
