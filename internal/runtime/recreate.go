package runtime

import (
	"cmp"
	"context"
	"errors"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
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

// findPrevious calls Recover and stores the container in reserve. If the new container
// is confirmed meanwhile, it removes the container in reserve.
func (o *operation) findPrevious(ctx context.Context) (err error) {
	find := o.Recover
	if o.remaker() != nil {
		find = o.remade
	}
	if o.previous, err = find(ctx); err != nil || o.previous == "" || !o.confirmed {
		return err
	}
	id := o.previous
	o.previous = ""
	return o.commit(ctx, id)
}

// differs reports whether the container was created from other settings.
func (o *operation) differs(c engine.Container) bool {
	return specOf(o.profile, o.server, o.info).Differs(c)
}

// outdated reports whether the container was created from other settings, or its
// volume is not mounted where Jupyter works.
func (o *operation) outdated(ctx context.Context, c engine.Container) bool {
	elsewhere, err := misplaced(ctx, o.engine, o.profile, c, o.data.RootOf(ctx, c))
	if err != nil {
		o.data.Log.Warn("where the volume belongs", "error", err)
	}
	return o.differs(c) || elsewhere
}

// recreate replaces the container by one from the current settings. The data volume
// stays. If the new container does not become ready, recreate rolls back to the old
// one and returns a problem whose short line is failed.
func (o *operation) recreate(ctx context.Context, old engine.Container, failed string) error {
	if err := o.provideImage(ctx); err != nil {
		return err
	}
	if o.previous != "" {
		ran := old.Running
		err := o.rollback(ctx, o.previous, false)
		if err == nil {
			old, err = o.Inspect(ctx)
		}
		if err != nil {
			return err
		}
		old.Running = ran // run it again after a rollback if the unconfirmed one ran
		if err := o.finishImageTrial(ctx); err != nil {
			return err
		}
	}
	if remaker := o.remaker(); remaker != nil {
		return o.remake(ctx, remaker, old, failed)
	}
	if err := o.freeNames(ctx); err != nil {
		return err
	}
	next, spec, err := o.makeNext(ctx, old)
	if err != nil {
		return err
	}
	err = o.exchange(ctx, old, next)
	if err == nil {
		err = o.rescue(ctx, old)
	}
	if err == nil {
		err = o.seed(ctx, spec, old)
	}
	if err == nil {
		err = o.confirmNew(ctx, next)
	}
	return o.commitOrRollback(ctx, err, old.ID, old.Running, failed)
}

// freeNames returns a problem if a container has one of the names that the replacement
// needs. It must be somebody else's, because Recover has removed ours.
func (o *operation) freeNames(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	for _, name := range []string{o.nextName(), o.PreviousName()} {
		if c, err := o.engine.Inspect(ctx, name); err != nil || c.Exists {
			return cmp.Or(err, error(nameTakenProblem(name, o.info.Command)))
		}
	}
	return nil
}

// makeNext creates the new container beside the old one.
func (o *operation) makeNext(ctx context.Context, old engine.Container) (id string, spec engine.Spec, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	spec = specOf(o.profile, o.server, o.info)
	spec.Name = o.nextName()
	if err := o.setMounts(ctx, &spec, old); err != nil {
		return "", spec, err
	}
	made, err := o.engine.Create(ctx, spec)
	if err == nil {
		err = o.copyServerFiles(ctx, spec.Container(made.ID), false)
	}
	if err != nil {
		// The engine may have carried out a request although ctx ended.
		recovering, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		_, recoverErr := o.Recover(recovering)
		err = errors.Join(err, recoverErr)
	}
	return made.ID, spec, err
}

// exchange stops the old container and gives its name to the new one.
func (o *operation) exchange(ctx context.Context, old engine.Container, next string) error {
	if old.Running {
		if err := o.Stop(ctx, old); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := o.rename(ctx, old.ID, o.PreviousName()); err != nil {
		return err
	}
	return o.rename(ctx, next, o.profile.Runtime)
}

func (o *operation) rename(ctx context.Context, id, name string) error {
	replacer, err := engine.Need[engine.Replacer](o.engine)
	if err != nil {
		return err
	}
	return replacer.Rename(ctx, id, name)
}

// confirm starts the new container of an interrupted replacement, whose old container
// is in reserve.
func (o *operation) confirm(ctx context.Context, c engine.Container) error {
	err := o.copyServerFiles(ctx, c, false)
	if err == nil {
		err = o.rescuePrevious(ctx, c)
	}
	if err == nil {
		err = o.confirmNew(ctx, c.ID)
	}
	err = o.commitOrRollback(ctx, err, o.previous, true, i18n.T("problem.rolledBackSettings"))
	return errors.Join(err, o.finishImageTrial(ctx))
}

// rescuePrevious does the work on the data that the interrupted replacement may not have
// done.
func (o *operation) rescuePrevious(ctx context.Context, c engine.Container) error {
	old, err := o.engine.Inspect(ctx, o.previous)
	if err == nil {
		err = o.rescue(ctx, old)
	}
	if err != nil {
		return err
	}
	return o.seedUnstarted(ctx, c, old)
}

// confirmNew starts a new container and waits until Jupyter answers.
func (o *operation) confirmNew(ctx context.Context, id string) error {
	starting, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := o.startContainer(starting, id); err != nil {
		return err
	}
	c, err := o.untilBegun(ctx)
	if err != nil {
		return err
	}
	return o.untilReady(ctx, c)
}

// untilBegun waits until the container that was started no longer waits to run, however
// long that takes.
func (o *operation) untilBegun(ctx context.Context) (engine.Container, error) {
	c, err := o.Inspect(ctx)
	if err != nil || c.Waiting == nil {
		return c, err
	}
	ctx, cancel := context.WithCancel(ctx)
	changed, ended := make(chan struct{}, 1), make(chan error, 1)
	look := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	go func() { ended <- o.engine.Watch(ctx, []string{o.profile.Runtime}, look, func(engine.Event) { look() }) }()
	for c.Waiting != nil && err == nil {
		select {
		case <-changed:
			c, err = o.Inspect(ctx)
		case err = <-ended:
			cancel()
			return c, cmp.Or(err, engine.ErrUnreachable)
		}
	}
	cancel()
	<-ended
	return c, err
}

// untilReady waits until Jupyter answers. It returns a problem if Jupyter does not
// answer or the container ends.
func (o *operation) untilReady(ctx context.Context, c engine.Container) error {
	waiting, cancel := context.WithCancel(ctx)
	w := &jupyter.Watch{
		Engine: o.engine, Info: o.info, Kind: o.profile.Kind, HostPort: jupyter.LocalPort(c, o.profile, o.info), Container: c, Timeout: jupyter.RequestTimeout,
	}
	ready, ended := make(chan error, 1), make(chan error, 1)
	go func() { ready <- jupyter.UntilReady(waiting, w) }()
	go func() { ended <- o.engine.Wait(waiting, c.ID) }()
	select {
	case err := <-ready:
		cancel()
		return err
	case err := <-ended:
		cancel()
		if <-ready == nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
	now, err := o.engine.Inspect(ctx, c.ID)
	if err != nil {
		return err
	}
	return cmp.Or(deathProblem(now, o.info, engine.LastLines(ctx, o.engine, now, 20), false), stoppedMeanwhileProblem())
}

// commitOrRollback removes the old container if err is nil, and rolls back to it
// otherwise. It ignores the end of ctx.
func (o *operation) commitOrRollback(ctx context.Context, err error, old string, run bool, failed string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout+stopGrace)
	defer cancel()
	if err == nil {
		o.started = true
		return o.commit(ctx, old)
	}
	problem := o.problem(ctx, err)
	if err := o.rollback(ctx, old, run); err != nil {
		name := o.PreviousName()
		if o.remaker() != nil {
			name = o.profile.Runtime
		}
		return notRolledBackProblem(o.profile, name, errors.Join(err, problem))
	}
	return rolledBackProblem(failed, problem)
}

// commit removes the old container in reserve.
func (o *operation) commit(ctx context.Context, old string) error {
	if remaker := o.remaker(); remaker != nil {
		return remaker.Keep(ctx, old)
	}
	return o.discard(ctx, old)
}

// rollback removes the new container, gives the old one its name again, and starts it
// if run is true.
func (o *operation) rollback(ctx context.Context, old string, run bool) error {
	if remaker := o.remaker(); remaker != nil {
		return o.unmake(ctx, remaker, old, run)
	}
	c, err := o.Inspect(ctx)
	if err != nil {
		return err
	}
	if c.Exists && c.ID != old {
		if err := o.engine.Stop(ctx, c.ID, time.Second); err != nil {
			return err
		}
		if err := o.discard(ctx, c.ID); err != nil {
			return err
		}
	}
	if c.ID != old {
		if err := o.rename(ctx, old, o.profile.Runtime); err != nil {
			return err
		}
	}
	if _, err := o.Recover(ctx); err != nil {
		return err
	}
	if !run {
		return nil
	}
	err = o.startContainer(ctx, old)
	o.started = err == nil
	return err
}
