package testenv

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// accountName is the ordinary user that test/setup makes.
const accountName = "colab-tray-test"

// account is an ordinary user of the machine. A nil account stands for root.
type account struct{ uid, gid int }

// findAccount returns the user that test/setup makes, nil if there is none.
func findAccount() *account {
	u, err := user.Lookup(accountName)
	if err != nil {
		return nil
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	if errors.Join(errUID, errGID) != nil {
		return nil
	}
	return &account{uid, gid}
}

// chown makes the user the owner of a directory and its content.
func (a *account) chown(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, a.uid, a.gid))
	})
}

// command returns a command that runs cmd as the user. setpriv sets the parent-death
// signal again, because the kernel clears it when a process changes its user.
func (a *account) command(cmd *exec.Cmd) *exec.Cmd {
	return exec.Command("setpriv", append([]string{
		"--reuid", strconv.Itoa(a.uid), "--regid", strconv.Itoa(a.gid), "--init-groups", "--pdeathsig", "TERM",
	}, cmd.Args...)...)
}

// stopPauseProcess ends the process that a rootless Podman leaves behind to keep its
// user namespace.
func (a *account) stopPauseProcess(dir string) error {
	if a == nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "pause.pid"))
	if err != nil {
		return err
	}
	more, err := filepath.Glob(filepath.Join(dir, "libpod", "tmp", "pause.pid"))
	for _, file := range append(files, more...) {
		text, readErr := os.ReadFile(file)
		pid, parseErr := strconv.Atoi(strings.TrimSpace(string(text)))
		if err = errors.Join(err, readErr, parseErr); err != nil {
			return err
		}
		if process, findErr := os.FindProcess(pid); findErr == nil {
			_ = process.Kill()
		}
	}
	return err
}
