package runtime

import (
	"context"
	"slices"

	"colabtray/internal/engine"
)

// discard removes a container of the runtime. Before that it copies the files that
// exist only in the container into the volume. Operations remove a container that
// has run only by discard.
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

// rescue copies the files that exist only in a container into the volume. It does so
// once for each container: a stopped container that is going to be removed does not
// change any more.
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
