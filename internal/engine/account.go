package engine

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

// ReadFile reads the one file in an archive; it is empty when that is no
// ordinary file.
func ReadFile(archive io.Reader) ([]byte, error) {
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

// Account is who Jupyter runs as, and where it works.
type Account struct {
	UID, GID int
	Home     string
	WorkDir  string
}

// HomeOf tells where an image, or a container, has Jupyter run and work. Passwd
// reads the file with the accounts, which is needed where HOME is not in the
// environment: the engine sets it then.
func HomeOf(c ImageConfig, env []config.Variable, passwd func() ([]byte, error)) (Account, error) {
	a := Account{WorkDir: path.Join("/", c.WorkDir), Home: Environment(c.Env, "HOME")}
	for _, v := range env {
		if v.Name == "HOME" {
			a.Home = v.Value.Reveal()
		}
	}
	if a.Home == "" {
		text, err := passwd()
		if err != nil {
			return a, err
		}
		user, _, _ := strings.Cut(c.User, ":")
		found, _ := findAccount(text, user)
		a.Home = found.Home
	}
	a.Home = path.Join("/", a.Home)
	return a, nil
}

// AccountOf is HomeOf, and tells who the account is in numbers.
func AccountOf(c ImageConfig, env []config.Variable, passwd func() ([]byte, error)) (Account, error) {
	read := sync.OnceValues(passwd)
	a, err := HomeOf(c, env, read)
	if err != nil {
		return a, err
	}
	text, err := read()
	if err != nil {
		return a, err
	}
	user, group, _ := strings.Cut(c.User, ":")
	found, is := findAccount(text, user)
	if !is {
		found.UID, _ = strconv.Atoi(user)
	}
	if gid, err := strconv.Atoi(group); err == nil {
		found.GID = gid
	}
	a.UID, a.GID = found.UID, found.GID
	return a, nil
}

// findAccount finds an account by its name or number; root when that is empty.
func findAccount(passwd []byte, user string) (Account, bool) {
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
			return Account{UID: uid, GID: gid, Home: field[5]}, true
		}
	}
	return Account{}, false
}

// Passwd reads the accounts of a container, running or not. Where there are none
// the engine goes by numbers alone.
func Passwd(ctx context.Context, e Engine, id string) ([]byte, error) {
	archive, err := e.Get(ctx, id, "/etc/passwd")
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	return ReadFile(archive)
}

// SystemDirs are what an image needs to run: nothing is mounted there, and what a
// container has there is no work of a person's.
var SystemDirs = []string{
	"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc", "/run",
	"/sbin", "/sys", "/tmp", "/usr", "/var",
}

// IsSystem reports whether a path is, or lies in, a directory of the system.
func IsSystem(dir string) bool {
	return slices.ContainsFunc(SystemDirs, func(s string) bool { return Within(s, dir) })
}

// AccountIn returns whom a container has Jupyter run as.
func AccountIn(ctx context.Context, e Engine, c Container) (Account, error) {
	return AccountOf(c.Setting(), nil, func() ([]byte, error) { return Passwd(ctx, e, c.ID) })
}
