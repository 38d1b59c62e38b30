package runtime

import (
	"cmp"
	"context"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// seed copies the image's files that the volume hides into the volume. The engine
// itself does so only for an empty volume, and only at one directory. seed skips
// the directories where the old container from the same image had the volume: the
// person may have deleted files there.
func (o *operation) seed(ctx context.Context, spec engine.Spec, old engine.Container) error {
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

// seedUnstarted seeds the volume of a container that never started, because the
// operation that created it was killed.
func (o *operation) seedUnstarted(ctx context.Context, c, old engine.Container) error {
	if !c.Ours() || !c.StartedAt.IsZero() || o.profile.Kind == config.KindColab {
		return nil
	}
	spec := specOf(o.profile, o.server, o.info)
	spec.Image, spec.Platform = cmp.Or(c.ImageID, spec.Image), ""
	for _, m := range c.Mounts {
		if m.Volume == spec.Volume {
			spec.Mounts = append(spec.Mounts, m.Target)
		}
	}
	return o.seed(ctx, spec, old)
}
