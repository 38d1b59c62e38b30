package runtime

import (
	"cmp"
	"context"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// discard removes a container of the runtime, after what would go away with it was
// copied into the volume. It is the one way in which an operation removes one.
func (o *operation) discard(ctx context.Context, id string) error {
	c, err := o.engine.Inspect(ctx, id)
	if err != nil || !c.Exists {
		return err
	}
	if !c.Ours() {
		return engine.HandmadeProblem(c, o.info.Command)
	}
	if err := o.rescue(ctx, c); err != nil {
		return err
	}
	return o.engine.Remove(ctx, id)
}

// rescue copies what would go away with a container into the volume, once: a
// container that waits for its end is not written to any more.
func (o *operation) rescue(ctx context.Context, c engine.Container) error {
	if slices.Contains(o.rescued, c.ID) {
		return nil
	}
	if err := o.data.RescueFrom(ctx, c); err != nil {
		return err
	}
	o.rescued = append(o.rescued, c.ID)
	return nil
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

// Seed puts into the volume what the image has where the volume hides it: the
// engine does so for an empty volume, and one place. What the old container had
// there already from the same image is left alone, for its owner may have deleted
// some.
func (o *operation) Seed(ctx context.Context, spec engine.Spec, old engine.Container) error {
	image, err := o.engine.Image(ctx, spec.Image, spec.Platform)
	if err != nil {
		return err
	}
	hidden := slices.DeleteFunc(slices.Clone(spec.Mounts), func(dir string) bool {
		return old.ImageID == image.ID && old.HasVolumeAt(spec.Volume, dir)
	})
	if len(hidden) == 0 || len(spec.Mounts) == 1 && (!old.Exists || old.HasVolumeAt(spec.Volume, spec.Mounts[0])) {
		return nil
	}
	return o.data.Seed(ctx, spec, hidden)
}

// seedUnstarted does what seed does for a container whose making was broken off.
func (o *operation) seedUnstarted(ctx context.Context, c, old engine.Container) error {
	if !c.Ours() || !c.StartedAt.IsZero() || o.profile.Kind == config.KindColab {
		return nil
	}
	spec := specOf(o.profile, o.server)
	spec.Image, spec.Platform = cmp.Or(c.ImageID, spec.Image), ""
	for _, m := range c.Mounts {
		if m.Volume == spec.Volume {
			spec.Mounts = append(spec.Mounts, m.Target)
		}
	}
	return o.Seed(ctx, spec, old)
}
