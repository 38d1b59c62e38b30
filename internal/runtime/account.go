package runtime

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"colabtray/internal/config"
)

// maxFile is how much of a file is read from a container, in bytes. Every byte of
// it may be hostile.
const maxFile = 64 << 10

// readFile reads the one file in an archive; it is empty when that is no
// ordinary file.
func readFile(archive io.Reader) ([]byte, error) {
	r := tar.NewReader(archive)
	header, err := r.Next()
	if err != nil {
		return nil, err
	}
	if header.Typeflag != tar.TypeReg {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(r, maxFile))
}

// account is who Jupyter runs as, and where it works.
type account struct {
	uid, gid int
	home     string
	workDir  string
}

// homeOf tells where an image, or a container, has Jupyter run and work. Passwd
// reads the file with the accounts, which is needed where HOME is not in the
// environment: the engine sets it then.
func homeOf(c ImageConfig, env []config.Variable, passwd func() ([]byte, error)) (account, error) {
	a := account{workDir: path.Join("/", c.WorkDir), home: environment(c.Env, "HOME")}
	for _, v := range env {
		if v.Name == "HOME" {
			a.home = v.Value.Reveal()
		}
	}
	if a.home == "" {
		text, err := passwd()
		if err != nil {
			return a, err
		}
		user, _, _ := strings.Cut(c.User, ":")
		found, _ := lookUp(text, user)
		a.home = found.home
	}
	a.home = path.Join("/", a.home)
	return a, nil
}

// accountOf is homeOf, and tells who the account is in numbers.
func accountOf(c ImageConfig, env []config.Variable, passwd func() ([]byte, error)) (account, error) {
	read := sync.OnceValues(passwd)
	a, err := homeOf(c, env, read)
	if err != nil {
		return a, err
	}
	text, err := read()
	if err != nil {
		return a, err
	}
	user, group, _ := strings.Cut(c.User, ":")
	found, is := lookUp(text, user)
	if !is {
		found.uid, _ = strconv.Atoi(user)
	}
	if gid, err := strconv.Atoi(group); err == nil {
		found.gid = gid
	}
	a.uid, a.gid = found.uid, found.gid
	return a, nil
}

// lookUp finds an account by its name or number; root when that is empty.
func lookUp(passwd []byte, user string) (account, bool) {
	if user == "" {
		user = "0"
	}
	lines := bufio.NewScanner(bytes.NewReader(passwd))
	for lines.Scan() {
		field := strings.Split(lines.Text(), ":")
		if len(field) < 6 || field[0] != user && field[2] != user {
			continue
		}
		uid, err := strconv.Atoi(field[2])
		gid, bad := strconv.Atoi(field[3])
		if err == nil && bad == nil {
			return account{uid: uid, gid: gid, home: field[5]}, true
		}
	}
	return account{}, false
}

// passwd reads the accounts of a container, running or not. Where there are none
// the engine goes by numbers alone.
func passwd(ctx context.Context, e Engine, id string) ([]byte, error) {
	archive, err := e.Get(ctx, id, "/etc/passwd")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	return readFile(archive)
}

// systemDirs are what an image needs to run: nothing is mounted there, and what a
// container has there is no work of a person's.
var systemDirs = []string{
	"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc", "/run",
	"/sbin", "/sys", "/tmp", "/usr", "/var",
}

// isSystem reports whether a path is, or lies in, a directory of the system.
func isSystem(dir string) bool {
	return slices.ContainsFunc(systemDirs, func(s string) bool { return within(s, dir) })
}

// accountIn returns whom a container has Jupyter run as.
func accountIn(ctx context.Context, e Engine, c Container) (account, error) {
	return accountOf(c.setting(), nil, func() ([]byte, error) { return passwd(ctx, e, c.ID) })
}
