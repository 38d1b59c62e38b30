package desktop

import (
	"os"
	"os/exec"
	"path/filepath"
)

// appID names the program for the desktop: its entry, and what starts it at
// login.
const appID = "dev.colabtray.ColabTray"

// AutostartEnabled reports whether the desktop starts the program at login. It
// looks anew each time: the desktop's own settings can change it too. A setting
// that names a program which is gone is none; see [RepairAutostart].
func AutostartEnabled() (bool, error) { return autostartEnabled() }

// SetAutostart has the desktop start the program at login, or not. What was
// changed about it by others is kept as far as it can be.
func SetAutostart(on bool) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return setAutostart(program, on)
}

// RepairAutostart renews a setting to start the program at login that names a
// program which is gone: this one has been moved since. It reports whether
// there was something to renew.
func RepairAutostart() (bool, error) {
	program, err := os.Executable()
	if err != nil {
		return false, err
	}
	return repairAutostart(program)
}

// isProgram reports whether a path, or a name to be looked for on PATH, is that
// of a program.
func isProgram(name string) bool {
	if name == "" {
		return false
	}
	_, err := exec.LookPath(name)
	return err == nil
}

// replaceFile writes a file in one step, with the directories above it. A link
// stays one: what it leads to is replaced.
func replaceFile(path, content string) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
