package runtime

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"colabtray/test/testenv"
)

// sshCommands has a link for each computer that the tests reach over ssh: its name leads to
// an ssh that knows the computer. The ssh that is first in PATH runs that, so that tests
// beside each other have computers of their own.
var sshCommands string

func init() { provide = provideSSH }

// provideSSH puts that ssh into PATH. What ssh needs has a directory of its own.
func provideSSH() (remove func(), err error) {
	dir, err := os.MkdirTemp("", "ssh") // the path of a socket has to be short
	if err != nil {
		return nil, err
	}
	over, err := testenv.GuardProcess(`rm -rf "$1"`, dir)
	if err != nil {
		return nil, err
	}
	sshCommands = filepath.Join(dir, "known")
	bin, run := filepath.Join(dir, "bin"), filepath.Join(dir, "run")
	const script = `#!/bin/sh
for word do
	[ ! -f "${0%/*}/../known/$word" ] || exec "${0%/*}/../known/$word" "$@"
done
exec /usr/bin/ssh "$@"
`
	remove = func() {
		_ = os.RemoveAll(dir)
		over()
	}
	return remove, errors.Join(
		os.Mkdir(sshCommands, 0o700), os.Mkdir(bin, 0o700), os.Mkdir(run, 0o700),
		os.WriteFile(filepath.Join(bin, "ssh"), []byte(script), 0o700),
		os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH")),
		os.Setenv("XDG_RUNTIME_DIR", run),
	)
}

// knowComputer has the programs of the tests reach a computer by an ssh.
func knowComputer(t *testing.T, name, ssh string) {
	t.Helper()
	link := filepath.Join(sshCommands, name)
	if err := os.Symlink(ssh, link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(link) })
}
