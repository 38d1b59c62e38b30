package runtime

import (
	"context"
	"path"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// dataMounts tells where the data volume is mounted so that what Jupyter writes is
// kept: at the home of its account and, where these lie elsewhere, at the directory
// that it works in and the one whose files its server shows, if that is known. The
// first one is where the engine looks for what an empty volume is to begin with.
func dataMounts(p config.Profile, a engine.Account, root string) []string {
	if p.Kind == config.KindColab {
		return []string{p.Kind.DataDir()} // its server shows everything, and works there
	}
	var mounts []string
	for _, dir := range []string{a.Home, a.WorkDir, path.Join("/", root)} {
		taken := func(f config.Folder) bool { return engine.Within(f.Path, dir) }
		inTheWay := func(m string) bool { return engine.Within(m, dir) || engine.Within(dir, m) }
		if dir != "/" && !engine.IsSystem(dir) && !slices.ContainsFunc(p.Folders, taken) && !slices.ContainsFunc(mounts, inTheWay) {
			mounts = append(mounts, dir)
		}
	}
	if len(mounts) == 0 {
		return []string{p.Kind.DataDir()}
	}
	return mounts
}

// workDir tells where Jupyter is to work, empty for where the image says: nobody means
// the root of the container, where no volume can be.
func workDir(p config.Profile, a engine.Account) string {
	if p.Kind == config.KindColab || a.WorkDir != "/" || !slices.Contains(dataMounts(p, a, ""), a.Home) {
		return ""
	}
	return a.Home
}

// misplaced reports whether the data volume of a container of ours is not where
// its Jupyter works and another one would have it there: versions before this one
// did not look, and what the server shows is known only when it runs.
func misplaced(ctx context.Context, e engine.Engine, p config.Profile, c engine.Container, root string) (bool, error) {
	if !c.Exists || !c.Ours() || p.Kind == config.KindColab {
		return false, nil
	}
	a, err := engine.HomeOf(c.Setting(), nil, func() ([]byte, error) { return engine.Passwd(ctx, e, c.ID) })
	if err != nil {
		return false, err
	}
	elsewhere := func(dir string) bool { return !c.HasVolumeAt(p.Volume(), dir) }
	return workDir(p, a) != "" || slices.ContainsFunc(dataMounts(p, a, root), elsewhere), nil
}

// setMounts tells where the volume is mounted in the container that is to be made, and
// how Jupyter is started, which both depend on the image.
func (o *operation) setMounts(ctx context.Context, spec *engine.Spec, old engine.Container) error {
	if o.profile.Kind == config.KindColab {
		return nil
	}
	image, err := o.data.ImageConfig(ctx, spec.Image)
	if err != nil {
		return err
	}
	spec.Launch(image.Entrypoint, image.Cmd, o.server.Cmd, o.profile.Command)
	a, err := engine.HomeOf(image, spec.Env, func() ([]byte, error) { return o.data.PasswdOf(ctx, spec.Image) })
	if err == nil {
		spec.Mounts, spec.WorkDir = dataMounts(o.profile, a, o.data.RootOf(ctx, old)), workDir(o.profile, a)
	}
	return err
}
