package config

import "os"

// Windows has no pipes in the file system.
const nonBlocking = 0

// changedByOthers checks nothing: on Windows a file inherits its permissions from the
// person's profile directory.
func changedByOthers(*os.File, string) error { return nil }
