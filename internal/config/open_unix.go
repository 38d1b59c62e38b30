//go:build unix

package config

import (
	"bufio"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"colabtray/internal/i18n"
)

const nonBlocking = syscall.O_NONBLOCK | syscall.O_NOCTTY

// changedByOthers returns a *[writableByOthersError] if a user other than the
// person and root can change an open file, replace the file, or redirect a symbolic
// link in its path. The settings file decides which command runs and which folders
// it can access, so others must not change it. ssh requires about the same of its
// own files.
func changedByOthers(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := writableByOthers(info, path); err != nil {
		return err
	}
	names, dirs := watchedPaths(path)
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		if !ours(info) {
			return belongsToOthers(name)
		}
	}
	for _, dir := range dirs {
		for _, dir := range parentsUpToHome(dir) {
			info, err := os.Stat(dir)
			if err != nil {
				return err
			}
			// In a directory with the sticky bit, such as /tmp, a user cannot
			// replace another user's files.
			if info.Mode()&fs.ModeSticky != 0 && ours(info) {
				continue
			}
			if err := writableByOthers(info, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// parentsUpToHome returns a directory and its parents up to the home directory,
// which is included. For a directory outside of the home directory it returns that
// directory alone.
func parentsUpToHome(dir string) []string {
	dirs := []string{dir}
	home, err := os.UserHomeDir()
	if err == nil {
		home, err = filepath.EvalSymlinks(home)
	}
	if err != nil || home == "/" {
		return dirs
	}
	for strings.HasPrefix(dir, home+"/") {
		dir = filepath.Dir(dir)
		dirs = append(dirs, dir)
	}
	return dirs
}

func writableByOthers(info fs.FileInfo, path string) error {
	if !ours(info) {
		return belongsToOthers(path)
	}
	mode := info.Mode().Perm()
	if mode&0o002 != 0 || mode&0o020 != 0 && !privateGroup(info.Sys().(*syscall.Stat_t).Gid) {
		short := i18n.T("config.writable")
		if info.IsDir() {
			short = i18n.T("config.writableDir", "path", i18n.Escaped(path))
		}
		return &writableByOthersError{short: short, command: "chmod go-w " + ShellWord(path)}
	}
	return nil
}

func belongsToOthers(path string) error {
	return &writableByOthersError{
		short:   i18n.T("config.belongsToOthers", "path", i18n.Escaped(path)),
		command: "sudo chown -h " + strconv.Itoa(os.Getuid()) + " " + ShellWord(path),
	}
}

// ours reports whether a file belongs to the person or to root, who can change every
// file anyway.
func ours(info fs.FileInfo) bool {
	stat, is := info.Sys().(*syscall.Stat_t)
	return is && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
}

// privateGroup reports whether the person is the only member of a group. Many
// systems create such a group for each user and let the group write the user's
// files. A group that is not in /etc/group, as one from a directory service, may
// have other members, so privateGroup returns false for it.
func privateGroup(gid uint32) bool {
	id := strconv.FormatUint(uint64(gid), 10)
	me, err := user.LookupId(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return false
	}
	known := false
	for group := range fields("/etc/group", 4) { // name, password, id, members
		if group[2] != id {
			continue
		}
		known = true
		for _, member := range strings.Split(group[3], ",") {
			if member != "" && member != me.Username {
				return false
			}
		}
	}
	for account := range fields("/etc/passwd", 7) { // name, password, uid, gid and more
		if account[3] == id && account[2] != me.Uid {
			return false
		}
	}
	return known
}

// fields yields the lines of a file that have n fields, split at ":". It skips lines
// whose first field is empty, and yields nothing if the file cannot be read.
func fields(path string, n int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		f, err := os.Open(path)
		if err != nil {
			return
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if fields := strings.Split(lines.Text(), ":"); len(fields) == n && !slices.Contains(fields[:1], "") && !yield(fields) {
				return
			}
		}
	}
}
