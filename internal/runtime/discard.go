package runtime

import (
	"context"
	"slices"

	"colabtray/internal/engine"
)

// discard removes a container of the runtime. Before that it copies the files that
// exist only in the container into the volume. Operations remove a container that
// has run only by discard. A container that somebody has started meanwhile is stopped
// again.
func (o *operation) discard(ctx context.Context, id string) error {
	c, err := o.engine.Inspect(ctx, id)
	if err != nil || !c.Exists {
		return err
	}
	if !c.Ours() {
		return engine.HandmadeProblem(c, o.info.Command)
	}
	if c.Running {
		if err := o.stopAgain(ctx, c); err != nil {
			return err
		}
	}
	if err := o.rescue(ctx, c); err != nil {
		return err
	}
	return o.engine.Remove(ctx, id)
}

// stopAgain stops a container that ran once more, so that its files are to be rescued
// once more.
func (o *operation) stopAgain(ctx context.Context, c engine.Container) error {
	o.rescued = slices.DeleteFunc(o.rescued, func(id string) bool { return id == c.ID })
	return o.Stop(ctx, c)
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
