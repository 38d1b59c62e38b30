package config

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"

	"colabtray/internal/i18n"

	"github.com/adrg/xdg"
)

// directory is the name of this program's directory in those of the platform.
const directory = "colab-tray"

// EnsureHome sets HOME to the home directory of the account where there is none, as
// in a service or after "env -i": what is looked for there would be in "/" else,
// by this program and all that it starts. Windows has other ways to tell.
func EnsureHome() {
	if runtime.GOOS == "windows" || filepath.IsAbs(os.Getenv("HOME")) {
		return
	}
	if account, err := user.Current(); err == nil && filepath.IsAbs(account.HomeDir) {
		_ = os.Setenv("HOME", account.HomeDir) // which has no reason to fail
	}
}

// File returns the path of the settings file, which need not exist:
// $XDG_CONFIG_HOME/colab-tray/config.toml or its like on the platform.
func File() string {
	xdg.Reload()
	return filepath.Join(xdg.ConfigHome, directory, "config.toml")
}

// StateDir returns the directory for what the program remembers:
// $XDG_STATE_HOME/colab-tray or its like on the platform.
func StateDir() string {
	xdg.Reload()
	return filepath.Join(xdg.StateHome, directory)
}

// RuntimeDir returns the directory for what only matters while the program
// runs: $XDG_RUNTIME_DIR/colab-tray where that is set, else one below
// [StateDir].
func RuntimeDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, directory)
	}
	return filepath.Join(StateDir(), "run")
}

// EnsurePrivateDir makes a directory that its owner alone can use, with its
// parents. It refuses one that is a link or belongs to somebody else.
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
