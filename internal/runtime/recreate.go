package runtime

import (
	"cmp"
	"context"
	"errors"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
)

// A container is made anew from the current settings so that a complete runtime is left,
// the old one or the new one, whenever the program is killed. The old one is in reserve
// until the new one is confirmed, which means that Jupyter has answered in it; the next
// operation finds what is in reserve.

// renewal is how the old container stays in reserve on an engine. The container that is in
// reserve is known by its ID.
type renewal interface {
	// reserved returns what an interrupted renewal has in reserve for a new container that
	// is not confirmed, else "". What else it has left is finished or undone.
	reserved(ctx context.Context) (id string, err error)
	// prepare does all that can fail while the old container is left as it is.
	prepare(ctx context.Context, old engine.Container) error
	// exchange stops the old container, has the new one in its place, and returns the new
	// one's ID.
	exchange(ctx context.Context, old engine.Container) (id string, err error)
	// commit gives up what is in reserve.
	commit(ctx context.Context, old string) error
	// rollback undoes what was done, as far as that was, and starts the old container if
	// run is true.
	rollback(ctx context.Context, old string, run bool) error
	// reservedName is where a person finds the old container after a failed rollback.
	reservedName() string
}

// renewal returns the way of the operation's engine.
func (o *operation) renewal() renewal {
	if _, replaces := engine.As[engine.Replacer](o.engine); !replaces {
		if remaker, has := engine.As[engine.Remaker](o.engine); has {
			return &remaking{operation: o, remaker: remaker}
		}
	}
	return &replacement{operation: o}
}

// findPrevious stores what is in reserve. If the new container is confirmed meanwhile, it
// gives up what is in reserve.
func (o *operation) findPrevious(ctx context.Context) (err error) {
	way := o.renewal()
	if o.previous, err = way.reserved(ctx); err != nil || o.previous == "" || !o.confirmed {
		return err
	}
	id := o.previous
	o.previous = ""
	return way.commit(ctx, id)
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
	way := o.renewal()
	if o.previous != "" {
		ran := old.Running
		err := way.rollback(ctx, o.previous, false)
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
	if err := way.prepare(ctx, old); err != nil {
		return err
	}
	id, err := way.exchange(ctx, old)
	if err == nil {
		err = o.confirmNew(ctx, id)
	}
	return o.commitOrRollback(ctx, err, old.ID, old.Running, failed)
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

// conclude ends an interrupted replacement before another image is tried, so that only one
// image is on trial. It returns the container that is confirmed.
func (o *operation) conclude(ctx context.Context, c engine.Container) (engine.Container, error) {
	if err := o.confirm(ctx, c); err != nil {
		return c, err
	}
	o.previous = ""
	return o.Inspect(ctx)
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

// commitOrRollback gives up the old container if err is nil, and rolls back to it
// otherwise. It ignores the end of ctx.
func (o *operation) commitOrRollback(ctx context.Context, err error, old string, run bool, failed string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout+stopGrace)
	defer cancel()
	way := o.renewal()
	if err == nil {
		o.started = true
		return way.commit(ctx, old)
	}
	problem := o.problem(ctx, err)
	if err := way.rollback(ctx, old, run); err != nil {
		return notRolledBackProblem(o.profile, way.reservedName(), errors.Join(err, problem))
	}
	return rolledBackProblem(failed, problem)
}

// restart starts the old container after a rollback.
func (o *operation) restart(ctx context.Context, old string) error {
	err := o.startContainer(ctx, old)
	o.started = err == nil
	return err
}
