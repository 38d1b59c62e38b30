package runtime

import (
	"cmp"
	"context"
	"errors"
	"time"

	"colabtray/internal/engine"
)

// A container is replaced in steps. If the program is killed after any step, a complete
// runtime is left, the old one or the new one:
//
//	create the new container                   NAME old, NAME-next new
//	stop the old one, and rename both          NAME-previous old, NAME new
//	start the new one, and wait for Jupyter    the same
//	remove the old one                         NAME new
//
// The next operation finds the leftovers by their names and labels. It removes a
// NAME-next. It renames a NAME-previous to NAME if there is no NAME. If there is a
// NAME, it keeps NAME-previous until NAME is confirmed, which means that Jupyter has
// answered in it.
func (o *operation) nextName() string     { return o.profile.Runtime + engine.NextSuffix }
func (o *operation) PreviousName() string { return o.profile.Runtime + engine.PreviousSuffix }

// replacement is the renewal by a second container.
type replacement struct {
	*operation
	next string      // the ID of the new container
	spec engine.Spec // it was made from
}

func (r *replacement) reserved(ctx context.Context) (string, error) { return r.Recover(ctx) }

func (r *replacement) reservedName() string { return r.PreviousName() }

// Recover finishes or undoes the replacement of a container that was interrupted. It
// returns the ID of an old container that is in reserve for a new one that is not
// confirmed, else "".
func (o *operation) Recover(ctx context.Context) (previous string, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	replacer, has := engine.As[engine.Replacer](o.engine)
	if !has {
		return "", nil
	}
	ids, err := replacer.Named(ctx, o.profile.Runtime)
	if err != nil {
		return "", err
	}
	if id := ids[o.nextName()]; id != "" {
		if err := o.removeNext(ctx, id); err != nil {
			return "", err
		}
	}
	previous = ids[o.PreviousName()]
	if previous == "" {
		return "", nil
	}
	if c, err := o.Inspect(ctx); c.Exists || err != nil {
		return previous, err
	}
	return "", replacer.Rename(ctx, previous, o.profile.Runtime)
}

// removeNext removes a new container that never was the runtime, though somebody may have
// started it.
func (o *operation) removeNext(ctx context.Context, id string) error {
	c, err := o.engine.Inspect(ctx, id)
	if err != nil {
		return err
	}
	if c.Running {
		return o.discard(ctx, id)
	}
	return o.engine.Remove(ctx, id)
}

// prepare creates the new container beside the old one.
func (r *replacement) prepare(ctx context.Context, old engine.Container) error {
	if err := r.freeNames(ctx); err != nil {
		return err
	}
	return r.makeNext(ctx, old)
}

// freeNames returns a problem if a container has one of the names that the replacement
// needs. It must be somebody else's, because Recover has removed ours.
func (r *replacement) freeNames(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	for _, name := range []string{r.nextName(), r.PreviousName()} {
		if c, err := r.engine.Inspect(ctx, name); err != nil || c.Exists {
			return cmp.Or(err, error(nameTakenProblem(name, r.info.Command)))
		}
	}
	return nil
}

// makeNext creates the new container.
func (r *replacement) makeNext(ctx context.Context, old engine.Container) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	r.spec = specOf(r.profile, r.server, r.info)
	r.spec.Name = r.nextName()
	if err := r.setMounts(ctx, &r.spec, old); err != nil {
		return err
	}
	made, err := r.engine.Create(ctx, r.spec)
	if err == nil {
		err = r.copyServerFiles(ctx, r.spec.Container(made.ID), false)
	}
	if err != nil {
		// The engine may have carried out a request although ctx ended.
		recovering, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		_, recoverErr := r.Recover(recovering)
		err = errors.Join(err, recoverErr)
	}
	r.next = made.ID
	return err
}

// exchange stops the old container, gives its name to the new one, and cares for the data.
func (r *replacement) exchange(ctx context.Context, old engine.Container) (id string, err error) {
	if old.Running {
		err = r.Stop(ctx, old)
	}
	if err == nil {
		err = r.takeName(ctx, old.ID)
	}
	if err == nil {
		err = r.rescue(ctx, old)
	}
	if err == nil {
		err = r.seed(ctx, r.spec, old)
	}
	return r.next, err
}

// takeName gives the name of the old container to the new one.
func (r *replacement) takeName(ctx context.Context, old string) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := r.rename(ctx, old, r.PreviousName()); err != nil {
		return err
	}
	return r.rename(ctx, r.next, r.profile.Runtime)
}

func (r *replacement) rename(ctx context.Context, id, name string) error {
	replacer, err := engine.Need[engine.Replacer](r.engine)
	if err != nil {
		return err
	}
	return replacer.Rename(ctx, id, name)
}

func (r *replacement) commit(ctx context.Context, old string) error { return r.discard(ctx, old) }

// rollback removes the new container, and gives the old one its name again.
func (r *replacement) rollback(ctx context.Context, old string, run bool) error {
	c, err := r.Inspect(ctx)
	if err != nil {
		return err
	}
	if c.Exists && c.ID != old {
		if err := r.engine.Stop(ctx, c.ID, time.Second); err != nil {
			return err
		}
		if err := r.discard(ctx, c.ID); err != nil {
			return err
		}
	}
	if c.ID != old {
		if err := r.rename(ctx, old, r.profile.Runtime); err != nil {
			return err
		}
	}
	if _, err := r.Recover(ctx); err != nil || !run {
		return err
	}
	return r.restart(ctx, old)
}
