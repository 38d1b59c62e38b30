package data

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// place tells where the data volume is in the runtime.
type place struct {
	mounts  []string // the directories at which the volume is mounted, as a whole
	root    string   // the directory that relative paths start from
	folders []config.Folder
	account engine.Account // that Jupyter runs as
}

// place finds out where the data volume is in the runtime. Without a container it is
// where a new one has it.
func (d *Store) place(ctx context.Context) (p place, err error) {
	exists, err := d.HasVolume(ctx)
	if err != nil {
		return p, err
	}
	c, err := d.Engine.Inspect(ctx, d.Profile.Runtime)
	switch {
	case err != nil:
		return p, err
	case !exists:
		return p, noDataProblem(d.Profile)
	case !c.Exists:
		return d.placeOfNew(ctx)
	}
	for _, m := range c.Mounts {
		if m.Volume == d.Profile.Volume() {
			p.mounts = append(p.mounts, m.Target)
		}
	}
	if len(p.mounts) == 0 {
		return p, notMountedProblem(d.Profile)
	}
	if p.account, err = engine.AccountIn(ctx, d.Engine, c); err != nil {
		return p, err
	}
	p.account = ordinary(p.account, c.User, c.Env)
	p.folders = c.Effective.Folders
	root := ""
	if d.Profile.Kind != config.KindColab { // whose server has the root of the container
		root = d.RootOf(ctx, c)
	}
	return p.startingAt(root), nil
}

// placeOfNew is [Store.place] of a container that does not exist yet.
func (d *Store) placeOfNew(ctx context.Context) (p place, err error) {
	p.mounts, p.folders = []string{d.Profile.Kind.DataDir()}, d.Profile.Folders
	image, err := d.Engine.Image(ctx, d.Profile.Image, "")
	if err != nil || image.Config == nil {
		return p.startingAt(""), err
	}
	p.account, err = engine.AccountOf(*image.Config, d.Spec.Env, func() ([]byte, error) { return d.PasswdOf(ctx, d.Profile.Image) })
	if err != nil {
		return p, err
	}
	user := image.Config.User
	if d.Profile.User != "" {
		user = d.Profile.User
	}
	p.account = ordinary(p.account, user, image.Config.Env)
	if d.Profile.Kind != config.KindColab && p.account.Home != "/" {
		p.mounts = []string{p.account.Home}
	}
	return p.startingAt(""), nil
}

// ordinary returns the account with the numbers of the user that Jupyter goes on as
// when it starts as root.
func ordinary(a engine.Account, user string, env []string) engine.Account {
	uid, gid, known := strings.Cut(engine.OrdinaryUser(user, env), ":")
	if known {
		a.UID, _ = strconv.Atoi(uid) // engine.OrdinaryUser returns numbers
		a.GID, _ = strconv.Atoi(gid)
	}
	return a
}

// startingAt sets the directory that relative paths start from: the server's root
// directory, the working directory or the home, the first of them that is in the volume.
func (p place) startingAt(root string) place {
	for _, dir := range []string{root, p.account.WorkDir, p.account.Home} {
		if path.IsAbs(dir) && slices.ContainsFunc(p.mounts, func(mount string) bool { return engine.Within(mount, path.Clean(dir)) }) {
			p.root = path.Clean(dir)
			return p
		}
	}
	p.root = p.mounts[0]
	return p
}

// inVolume returns the path of a file of the runtime relative to the root of the
// volume; empty for the volume itself. A path that is not absolute starts from the root
// of the notebooks.
func (p place) inVolume(profile config.Profile, name string) (string, error) {
	full := path.Clean(name)
	if !path.IsAbs(name) {
		full = path.Join(p.root, name)
	}
	for _, f := range p.folders {
		if engine.Within(f.Path, full) {
			return "", inFolderProblem(f, full)
		}
	}
	for _, mount := range p.mounts {
		if !engine.Within(mount, full) || strings.ContainsRune(full, 0) {
			continue
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(full, mount), "/")
		if isOurs(rel) {
			break
		}
		return rel, nil
	}
	return "", outsideVolumeProblem(profile, full, p.mounts)
}

// isOurs reports whether a path of the volume is not the person's: work in progress,
// and what servers write about themselves, which has their tokens.
func isOurs(rel string) bool {
	return engine.Within(backup.Staging, rel) || backup.IsAboutServer(rel)
}
