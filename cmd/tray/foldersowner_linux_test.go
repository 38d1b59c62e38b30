package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// handoverScript does what the start.sh of docker-stacks does for a container that
// starts as root.
const handoverScript = `#!/bin/sh
if [ "$(id -u)" = 0 ]; then
	sed -i "s/^jovyan:x:[0-9]*:[0-9]*:/jovyan:x:$NB_UID:$NB_GID:/" /etc/passwd
	[ "$CHOWN_HOME" = yes ] && chown $CHOWN_HOME_OPTS "$NB_UID:$NB_GID" /home/jovyan
	exec setpriv --reuid "$NB_UID" --regid "$NB_GID" --groups 100 "$@"
fi
exec "$@"
`

// TestFolderOfThePerson: a person who has not the number of the image's user can write
// through Jupyter, where the image goes on as another user; and where the volume was
// made before there were folders, it is told that this is not so.
func TestFolderOfThePerson(t *testing.T) {
	engines(t)
	const person = 12345
	dir := t.TempDir()
	testenv.Need(t, "the rights of root", os.Getuid() == 0)
	must := func(errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	image := testenv.RuntimeName(t) + ":1"
	must(os.WriteFile(filepath.Join(dir, "start.sh"), []byte(handoverScript), 0o755),
		os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM "+testenv.Image(t, testenv.Server2)+"\nCOPY start.sh /usr/local/bin/\nENTRYPOINT [\"tini\", \"-g\", \"--\", \"start.sh\"]\n"), 0o600))
	testenv.Docker(t, "build", "--quiet", "--tag", image, dir)
	t.Cleanup(func() { testenv.Docker(t, "rmi", "--force", image) })

	// All that the person needs: the engine's socket, and directories on the way.
	c := newTerminal(t, image)
	socket := strings.TrimPrefix(c.get("DOCKER_HOST"), "unix://")
	info, err := os.Stat(socket)
	must(err)
	home, err := os.MkdirTemp("", "colab-tray-person-")
	must(err)
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	binary := filepath.Join(home, "colab-tray")
	data := filepath.Join(home, "data")
	text, err := os.ReadFile(program)
	must(err, os.WriteFile(binary, text, 0o755), os.Mkdir(data, 0o755), os.Chown(home, person, person), os.Chown(data, person, person))
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"} {
		c.set(name + "=" + filepath.Join(home, strings.ToLower(name)))
	}
	must(os.Mkdir(c.get("HOME"), 0o700), os.Chown(c.get("HOME"), person, person))
	run := func(args ...string) (string, string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), longEnough)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Env, cmd.Dir = c.env, home
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{
			Uid: person, Gid: person, Groups: []uint32{info.Sys().(*syscall.Stat_t).Gid},
		}}
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, errs.String())
		}
		return strings.TrimSpace(out.String()), errs.String()
	}
	writes := func(url, name string) bool {
		t.Helper()
		c.contents(http.MethodPut, url, name, `{"type": "file", "format": "text", "content": "of Jupyter"}`)
		got := c.contents(http.MethodGet, url, name, "")
		return strings.Contains(got, "of Jupyter")
	}

	url, errs := run("start", "--folder", data)
	if strings.Contains(errs, "cannot write") || !writes(url, "data/new.txt") || !writes(url, "own.txt") {
		t.Fatalf("Jupyter cannot write; the program said\n%s", errs)
	}
	made, err := os.Stat(filepath.Join(data, "new.txt"))
	must(err)
	if owner := made.Sys().(*syscall.Stat_t).Uid; owner != person {
		t.Errorf("the file belongs to %d", owner)
	}
	url, _ = run("restart")
	if !writes(url, "data/new.txt") || !writes(url, "own.txt") {
		t.Error("after a restart Jupyter cannot write")
	}

	run("delete", "--data", "--no-backup", "--yes")
	must(os.Remove(filepath.Join(c.get("XDG_CONFIG_HOME"), "colab-tray", "config.toml")))
	run("start")
	url, errs = run("restart", "--folder", data)
	has(t, errs, "cannot write to the folder "+data, fmt.Sprintf("setfacl -R -m u:1000:rwX,d:u:1000:rwX,d:u:$(id -u):rwX %s", data))
	if writes(url, "data/other.txt") {
		t.Error("what is told is not so: Jupyter can write")
	}
	if _, err := exec.LookPath("setfacl"); err != nil {
		return
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", regexp.MustCompile("setfacl .*").FindString(errs))
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: person, Gid: person}}
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", command.Args, err, out)
	}
	url, errs = run("restart")
	if strings.Contains(errs, "cannot write") || !writes(url, "data/other.txt") {
		t.Errorf("after the repair Jupyter cannot write, or it is told so:\n%s", errs)
	}
}
