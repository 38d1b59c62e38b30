package runtime

import (
	"context"
	"path"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// dataMounts returns the directories where the data volume is mounted, so that it
// keeps what Jupyter writes: the account's home directory, the working directory,
// and root, the server's root directory, if it is known. A directory inside or around
// another one is left out. The engine fills an empty volume with the image's files
// at the first directory.
func dataMounts(p config.Profile, a engine.Account, root string) []string {
	if p.Kind == config.KindColab {
		return []string{p.Kind.DataDir()} // Colab's server works there, and its root is /
	}
	var mounts []string
	for _, dir := range []string{a.Home, a.WorkDir, path.Join("/", root)} {
		inFolder := func(f config.Folder) bool { return engine.Within(f.Path, dir) }
		overlaps := func(mount string) bool { return engine.Within(mount, dir) || engine.Within(dir, mount) }
		if dir != "/" && !engine.IsSystem(dir) && !slices.ContainsFunc(p.Folders, inFolder) && !slices.ContainsFunc(mounts, overlaps) {
			mounts = append(mounts, dir)
		}
	}
	if len(mounts) == 0 {
		return []string{p.Kind.DataDir()}
	}
	return mounts
}

// workDir returns Jupyter's working directory, empty for that of the image. It
// replaces the root of the container, where no volume can be mounted, by the home
// directory.
func workDir(p config.Profile, a engine.Account) string {
	if p.Kind == config.KindColab || a.WorkDir != "/" || !slices.Contains(dataMounts(p, a, ""), a.Home) {
		return ""
	}
	return a.Home
}

// misplaced reports whether the data volume of a container of ours is not mounted
// where Jupyter works, so that a new container would be better. An earlier version
// may have created the container, or the server's root directory was not known
// before the server ran.
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

// setMounts adds to the spec of a new container where the volume is mounted and how
// Jupyter is started. Both depend on the image. If old exists, its server's root
// directory is mounted as well.
func (o *operation) setMounts(ctx context.Context, spec *engine.Spec, old engine.Container) error {
	if o.profile.Kind == config.KindColab {
		return nil
	}
	image, err := o.data.ImageConfig(ctx, spec.Image)
	if err != nil {
		return err
	}
	spec.Launch(image.Entrypoint, image.Cmd, o.server.Cmd, o.profile.Command)
	account, err := engine.HomeOf(image, spec.Env, func() ([]byte, error) { return o.data.PasswdOf(ctx, spec.Image) })
	if err == nil {
		spec.Mounts, spec.WorkDir = dataMounts(o.profile, account, o.data.RootOf(ctx, old)), workDir(o.profile, account)
	}
	return err
}
