package runtime

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"colabtray/internal/config"
)

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

// dataMounts tells where the data volume is mounted so that what Jupyter writes is
// kept: at the home of its account and, where these lie elsewhere, at the directory
// that it works in and the one whose files its server shows, if that is known. The
// first one is where the engine looks for what an empty volume is to begin with.
func dataMounts(p config.Profile, a account, root string) []string {
	if p.Kind == config.KindColab {
		return []string{p.Kind.DataDir()} // its server shows everything, and works there
	}
	var mounts []string
	for _, dir := range []string{a.home, a.workDir, path.Join("/", root)} {
		taken := func(f config.Folder) bool { return within(f.Path, dir) }
		inTheWay := func(m string) bool { return within(m, dir) || within(dir, m) }
		if dir != "/" && !isSystem(dir) && !slices.ContainsFunc(p.Folders, taken) && !slices.ContainsFunc(mounts, inTheWay) {
			mounts = append(mounts, dir)
		}
	}
	if len(mounts) == 0 {
		return []string{p.Kind.DataDir()}
	}
	return mounts
}

// works tells where Jupyter is to work, empty for where the image says: nobody means
// the root of the container, where no volume can be.
func works(p config.Profile, a account) string {
	if p.Kind == config.KindColab || a.workDir != "/" || !slices.Contains(dataMounts(p, a, ""), a.home) {
		return ""
	}
	return a.home
}

// accountIn returns whom a container has Jupyter run as.
func accountIn(ctx context.Context, e Engine, c Container) (account, error) {
	return accountOf(c.setting(), nil, func() ([]byte, error) { return passwd(ctx, e, c.ID) })
}

// homeRuntimeDir is the Jupyter runtime directory of an account that is a number, and
// of which the environment does not have the home.
func homeRuntimeDir(ctx context.Context, e Engine, c Container) []string {
	user, _, _ := strings.Cut(c.User, ":")
	if _, err := strconv.Atoi(user); err != nil || environment(c.Env, "HOME") != "" {
		return nil
	}
	a, err := accountIn(ctx, e, c)
	if dir := a.home + "/.local/share/jupyter/runtime"; err == nil && !slices.Contains(infoFileDirs(c), dir) {
		return []string{dir}
	}
	return nil
}

// misplaced reports whether the data volume of a container of ours is not where
// its Jupyter works and another one would have it there: versions before this one
// did not look, and what the server shows is known only when it runs.
func misplaced(ctx context.Context, e Engine, p config.Profile, c Container, root string) (bool, error) {
	if !c.Exists || !c.ours() || p.Kind == config.KindColab {
		return false, nil
	}
	a, err := homeOf(c.setting(), nil, func() ([]byte, error) { return passwd(ctx, e, c.ID) })
	if err != nil {
		return false, err
	}
	elsewhere := func(dir string) bool { return !c.mounts(p.Volume(), dir) }
	return works(p, a) != "" || slices.ContainsFunc(dataMounts(p, a, root), elsewhere), nil
}
