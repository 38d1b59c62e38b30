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
// (replace.go), it is kept until Jupyter has answered.

// remaking is the renewal on such an engine.
type remaking struct {
	*operation
	remaker engine.Remaker
	spec    engine.Spec // the new container is made from it
}

func (r *remaking) reserved(ctx context.Context) (id string, err error) {
	c, err := r.Inspect(ctx)
	if err != nil || !c.Exists || c.RemadeAt.IsZero() {
		return "", err
	}
	return c.ID, nil
}

func (r *remaking) reservedName() string { return r.profile.Runtime }

func (r *remaking) prepare(ctx context.Context, old engine.Container) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	r.spec = specOf(r.profile, r.server, r.info)
	if err := r.setMounts(ctx, &r.spec, old); err != nil {
		return err
	}
	return r.remaker.CanMake(ctx, r.spec)
}

func (r *remaking) exchange(ctx context.Context, old engine.Container) (id string, err error) {
	if old.Running {
		if err := r.Stop(ctx, old); err != nil {
			return "", err
		}
	}
	if err := r.seed(ctx, r.spec, old); err != nil { // before, as after a kill nothing would tell of it
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := r.remaker.Remake(ctx, old.ID, r.spec); err != nil {
		return "", err
	}
	r.data.SetRoot(old.ID, "") // it may be another one
	return old.ID, r.copyServerFiles(ctx, r.spec.Container(old.ID), false)
}

func (r *remaking) commit(ctx context.Context, old string) error { return r.remaker.Keep(ctx, old) }

func (r *remaking) rollback(ctx context.Context, old string, run bool) error {
	if err := r.engine.Stop(ctx, old, time.Second); err != nil && !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	r.data.SetRoot(old, "")
	if err := r.remaker.Unmake(ctx, old); err != nil || !run {
		return err
	}
	return r.restart(ctx, old)
}
