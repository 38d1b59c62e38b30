package runtime

import (
	"context"
	"errors"
	"time"

	"colabtray/internal/engine"
)

// An engine that makes a container anew in its place needs no second one. Killed after any
// step, the program leaves a complete runtime behind:
//
//	stop the container                          the old one
//	make it anew, with the old one in reserve   the new one, not confirmed
//	start it, and wait for Jupyter              the same
//	forget the old one                          the new one
//
// What is in reserve is found by [engine.Container.RemadeAt]; as with a container of its own
// (recreate.go), it is kept until Jupyter has answered.

// remaker returns the engine that makes containers anew in their place; nil for one that
// replaces them or can do neither.
func (o *operation) remaker() engine.Remaker {
	if _, replaces := engine.As[engine.Replacer](o.engine); replaces {
		return nil
	}
	remaker, _ := engine.As[engine.Remaker](o.engine)
	return remaker
}

// remade returns the ID of the container if something is in reserve for it, else "".
func (o *operation) remade(ctx context.Context) (id string, err error) {
	c, err := o.Inspect(ctx)
	if err != nil || !c.Exists || c.RemadeAt.IsZero() {
		return "", err
	}
	return c.ID, nil
}

// remake is recreate on such an engine.
func (o *operation) remake(ctx context.Context, remaker engine.Remaker, old engine.Container, failed string) error {
	asking, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	spec := specOf(o.profile, o.server, o.info)
	if err := o.setMounts(asking, &spec, old); err != nil {
		return err
	}
	if err := remaker.CanMake(asking, spec); err != nil { // before anything is stopped
		return err
	}
	err := o.makeAnew(ctx, remaker, old, spec)
	if err == nil {
		err = o.confirmNew(ctx, old.ID)
	}
	return o.commitOrRollback(ctx, err, old.ID, old.Running, failed)
}

// makeAnew stops the container and makes it anew.
func (o *operation) makeAnew(ctx context.Context, remaker engine.Remaker, old engine.Container, spec engine.Spec) error {
	if old.Running {
		if err := o.Stop(ctx, old); err != nil {
			return err
		}
	}
	if err := o.seed(ctx, spec, old); err != nil { // before, as after a kill nothing would tell of it
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := remaker.Remake(ctx, old.ID, spec); err != nil {
		return err
	}
	o.data.SetRoot(old.ID, "") // it may be another one
	return o.copyServerFiles(ctx, spec.Container(old.ID), false)
}

// unmake is rollback on such an engine.
func (o *operation) unmake(ctx context.Context, remaker engine.Remaker, id string, run bool) error {
	if err := o.engine.Stop(ctx, id, time.Second); err != nil && !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	o.data.SetRoot(id, "")
	if err := remaker.Unmake(ctx, id); err != nil || !run {
		return err
	}
	err := o.startContainer(ctx, id)
	o.started = err == nil
	return err
}
