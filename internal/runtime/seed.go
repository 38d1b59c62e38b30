package runtime

import (
	"cmp"
	"context"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

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
