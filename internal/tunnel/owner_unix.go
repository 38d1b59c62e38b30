//go:build !windows

package tunnel

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs reports whether a file is this person's.
func ownedByUs(info fs.FileInfo) bool {
	stat, is := info.Sys().(*syscall.Stat_t)
	return is && int(stat.Uid) == os.Geteuid()
}
