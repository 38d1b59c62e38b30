package runtime

import (
	"context"
	"slices"

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
