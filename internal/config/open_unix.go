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

// changedByOthers returns an *[writableByOthersError] when somebody else than the
// person and root can change an open file, put another one in its place, or lead
// a link on the way to it elsewhere: a settings file says what is run, and which
// folders it gets. It is about what ssh asks of its files.
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
			// Where the sticky bit is set, as on /tmp, nobody can exchange the
			// files of others.
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

// parentsUpToHome returns a directory, and those above it that are in the home
// directory, with that.
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

// ours reports whether a file belongs to the person or to root, who can do
// anything anyway.
func ours(info fs.FileInfo) bool {
	stat, is := info.Sys().(*syscall.Stat_t)
	return is && (stat.Uid == 0 || int(stat.Uid) == os.Geteuid())
}

// privateGroup reports whether nobody but the person is in a group. Many systems
// give each person such a group, and let it write what the person makes. A group
// that is not in the system's files can have anybody in it.
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

// fields gives the lines of a file with so many fields. One that cannot be read
// has none.
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
