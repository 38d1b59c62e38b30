package config

import "io/fs"

// ownedByUs has nothing to look at: on Windows the directories of the profile
// are private by the permissions that they inherit.
func ownedByUs(fs.FileInfo) error { return nil }
