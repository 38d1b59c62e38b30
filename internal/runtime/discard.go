package runtime

import (
	"cmp"
	"context"
	"slices"

	"colabtray/internal/config"
)

// discard removes a container of the runtime, after what would go away with it was
// copied into the volume. It is the one way in which an operation removes one.
func (o *operation) discard(ctx context.Context, id string) error {
	c, err := o.engine.Inspect(ctx, id)
	if err != nil || !c.Exists {
		return err
	}
	if !c.ours() {
		return handmadeProblem(c, o.info.Command)
	}
	if err := o.rescue(ctx, c); err != nil {
		return err
	}
	return o.engine.Remove(ctx, id)
}

// rescue copies what would go away with a container into the volume, once: a
// container that waits for its end is not written to any more.
func (o *operation) rescue(ctx context.Context, c Container) error {
	if slices.Contains(o.rescued, c.ID) {
		return nil
	}
	if err := o.data.rescueFrom(ctx, c); err != nil {
		return err
	}
	o.rescued = append(o.rescued, c.ID)
	return nil
}

// place tells where the volume is mounted in the container that is to be made, and
// how Jupyter is started, which both depend on the image.
func (o *operation) place(ctx context.Context, spec *Spec, old Container) error {
	if o.profile.Kind == config.KindColab {
		return nil
	}
	image, err := o.data.imageConfig(ctx, spec.Image)
	if err != nil {
		return err
	}
	spec.launch(image.Entrypoint, image.Cmd, o.server.Cmd, o.profile.Command)
	a, err := homeOf(image, spec.Env, func() ([]byte, error) { return o.data.passwdOf(ctx, spec.Image) })
	if err == nil {
		spec.Mounts, spec.WorkDir = dataMounts(o.profile, a, o.data.rootOf(ctx, old)), works(o.profile, a)
	}
	return err
}

// seed puts into the volume what the image has where the volume hides it: the
// engine does so for an empty volume, and one place. What the old container had
// there already from the same image is left alone, for its owner may have deleted
// some.
func (o *operation) seed(ctx context.Context, spec Spec, old Container) error {
	image, err := o.engine.Image(ctx, spec.Image, spec.Platform)
	if err != nil {
		return err
	}
	hidden := slices.DeleteFunc(slices.Clone(spec.Mounts), func(dir string) bool {
		return old.ImageID == image.ID && old.mounts(spec.Volume, dir)
	})
	if len(hidden) == 0 || len(spec.Mounts) == 1 && (!old.Exists || old.mounts(spec.Volume, spec.Mounts[0])) {
		return nil
	}
	return o.data.seed(ctx, spec, hidden)
}

// seedUnstarted does what seed does for a container whose making was broken off.
func (o *operation) seedUnstarted(ctx context.Context, c, old Container) error {
	if !c.ours() || !c.StartedAt.IsZero() || o.profile.Kind == config.KindColab {
		return nil
	}
	spec := specOf(o.profile, o.server)
	spec.Image, spec.Platform = cmp.Or(c.ImageID, spec.Image), ""
	for _, m := range c.Mounts {
		if m.Volume == spec.Volume {
			spec.Mounts = append(spec.Mounts, m.Target)
		}
	}
	return o.seed(ctx, spec, old)
}
