//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"colabtray/internal/i18n"
)

// ownedByUs returns an error if a file belongs to another user.
func ownedByUs(info fs.FileInfo) error {
	if stat, is := info.Sys().(*syscall.Stat_t); is && int(stat.Uid) != os.Getuid() {
		return errors.New(i18n.T("config.privateDirOwner"))
	}
	return nil
}
