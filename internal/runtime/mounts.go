package runtime

import (
	"context"
	"path"
	"slices"

	"colabtray/internal/config"
)

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
