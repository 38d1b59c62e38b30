package runtime

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"colabtray/internal/words"
)

// volumeMounts are the mounts of the data volume. An empty volume gets what the
// image has at the first place alone, so that it does not depend on the engine
// which one it is.
func volumeMounts(spec Spec) []mount.Mount {
	targets := spec.Mounts
	if len(targets) == 0 {
		targets = []string{spec.DataDir}
	}
	var mounts []mount.Mount
	for i, target := range targets {
		m := mount.Mount{Type: mount.TypeVolume, Source: spec.Volume, Target: target}
		if i > 0 {
			m.VolumeOptions = &mount.VolumeOptions{NoCopy: true}
		}
		mounts = append(mounts, m)
	}
	return mounts
}

// mountsOf are a container's mounts that last as long as it does, or longer.
func mountsOf(points []container.MountPoint) []Mount {
	var mounts []Mount
	for _, m := range points {
		switch m.Type {
		case mount.TypeVolume:
			mounts = append(mounts, Mount{Volume: cmp.Or(m.Name, m.Source), Target: m.Destination})
		case mount.TypeBind:
			mounts = append(mounts, Mount{Target: m.Destination})
		}
	}
	return mounts
}

// ImageConfig implements [Engine].
func (d *Docker) ImageConfig(ctx context.Context, ref string) (ImageConfig, error) {
	found, err := d.api.Load().ImageInspect(ctx, ref)
	if err == nil && found.Config == nil {
		err = errors.New(words.Say("problem.incompleteImage"))
	}
	if err != nil {
		return ImageConfig{}, engineError(err)
	}
	return ImageConfig{
		User: found.Config.User, WorkDir: found.Config.WorkingDir, Env: found.Config.Env,
		Volumes: slices.Sorted(maps.Keys(found.Config.Volumes)), Entrypoint: found.Config.Entrypoint, Cmd: found.Config.Cmd,
	}, nil
}

// Changed implements [Engine].
func (d *Docker) Changed(ctx context.Context, id string) (added, changed []string, err error) {
	list, err := d.api.Load().ContainerDiff(ctx, id)
	for _, c := range list {
		switch c.Kind {
		case container.ChangeAdd:
			added = append(added, c.Path)
		case container.ChangeModify:
			changed = append(changed, c.Path)
		}
	}
	return added, changed, engineError(err)
}
