package config

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"colabtray/internal/i18n"

	"github.com/adrg/xdg"
)

// directory is the name of this program's directory in the platform's directories
// for settings and state.
const directory = "colab-tray"

// EnsureHome sets HOME to the account's home directory if HOME is no absolute path,
// as in a service or after "env -i". Without HOME, this program and the programs
// that it starts would look for their files in "/". EnsureHome does nothing on
// Windows, which does not use HOME.
func EnsureHome() {
	if runtime.GOOS == "windows" || filepath.IsAbs(os.Getenv("HOME")) {
		return
	}
	if account, err := user.Current(); err == nil && filepath.IsAbs(account.HomeDir) {
		_ = os.Setenv("HOME", account.HomeDir) // a valid name and value cannot fail
	}
}

// EnsurePath adds the directories with container tools to PATH on macOS. A program that
// the Finder or launchd starts has only the system's own in PATH, so neither the helpers
// that keep a registry's credentials nor the docker command would be found.
func EnsurePath() {
	if runtime.GOOS != "darwin" {
		return
	}
	home, _ := os.UserHomeDir()
	_ = os.Setenv("PATH", withToolDirectories(os.Getenv("PATH"), home)) // as above
}

// withToolDirectories returns PATH with the directories of container tools on macOS after
// those that are in it.
func withToolDirectories(path, home string) string {
	dirs := filepath.SplitList(path)
	for _, dir := range []string{
		"/usr/local/bin",
		"/opt/homebrew/bin",
		filepath.Join(home, ".docker/bin"),
		"/Applications/Docker.app/Contents/Resources/bin",
		filepath.Join(home, ".orbstack/bin"),
		filepath.Join(home, ".rd/bin"), // of Rancher Desktop
		"/opt/podman/bin",
	} {
		if filepath.IsAbs(dir) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, string(filepath.ListSeparator))
}

// File returns the path of the settings file:
// $XDG_CONFIG_HOME/colab-tray/config.toml or the platform's equivalent. The file
// need not exist.
func File() string {
	return filepath.Join(Directories().Config, directory, "config.toml")
}

// StateDir returns the directory for data that the program keeps between runs:
// $XDG_STATE_HOME/colab-tray or the platform's equivalent.
func StateDir() string {
	return filepath.Join(Directories().State, directory)
}

// PlatformDirs are the directories in which programs of a person keep their files.
type PlatformDirs struct {
	Config string // for settings: $XDG_CONFIG_HOME or the platform's equivalent
	State  string // for data kept between runs: $XDG_STATE_HOME or the platform's equivalent
	// SystemConfig are the directories with settings for all users, the one that
	// counts most first.
	SystemConfig []string
}

// platformMu guards the variables of package xdg, which are written at each look.
var platformMu sync.Mutex

// Directories returns the directories of the platform, as the environment has them
// at the time of the call.
func Directories() PlatformDirs {
	platformMu.Lock()
	defer platformMu.Unlock()
	xdg.Reload()
	return PlatformDirs{xdg.ConfigHome, xdg.StateHome, xdg.ConfigDirs}
}

// RuntimeDir returns the directory for files that are needed only while the program
// runs: $XDG_RUNTIME_DIR/colab-tray if that variable is set, else the directory
// "run" in [StateDir].
func RuntimeDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, directory)
	}
	return filepath.Join(StateDir(), "run")
}

// EnsurePrivateDir creates a directory with mode 0700, and its parents. It returns
// an error if the path is a symbolic link or belongs to another user.
func EnsurePrivateDir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("%s: %w", i18n.T("config.privateDirMake"), err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("%s: %w", i18n.T("config.privateDirLook"), err)
	}
	if !info.IsDir() {
		return errors.New(i18n.T("config.privateDirLink", "path", path))
	}
	if err := ownedByUs(info); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return os.Chmod(path, 0o700)
	}
	return nil
}
