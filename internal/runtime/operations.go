package runtime

import (
	"cmp"
	"context"
	"errors"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// stopGrace is between asking Jupyter to end and ending it.
const stopGrace = 10 * time.Second

// operation is one piece of work on the engine that a person asked for.
type operation struct {
	engine    engine.Engine
	info      engine.Info // of the engine
	profile   config.Profile
	server    Server
	progress  func(engine.Progress)
	pulled    func()
	data      *data.Store
	exclusive *exclusive // what the verb stands for, if it is one

	confirmed bool   // Jupyter answered in the run that goes on
	previous  string // the container in reserve for one that has not proved itself
	rescued   []string

	started bool
}

// Run does what the verb says. When ctx ends early it undoes what it made.
func (o *operation) Run(ctx context.Context, v verb) error {
	if v.isExclusive() {
		return o.exclusive.run(ctx, o)
	}
	if v != stop {
		if err := o.data.RecoverUnlessBusy(ctx); err != nil {
			return err
		}
	}
	if err := o.findPrevious(ctx); err != nil {
		return err
	}
	if v != stop && o.previous == "" { // else it is not known yet whether the image works
		if err := o.finishImageTrial(ctx); err != nil {
			return err
		}
	}
	c, err := o.Inspect(ctx)
	if err != nil {
		return err
	}
	if v == startPlain {
		v, o.profile.GPU = start, config.GPU{}
		if c.Exists && !c.Running && o.Differs(c) {
			return o.recreate(ctx, c, i18n.T("problem.rolledBackPlain"))
		}
	}
	if c.Paused { // Podman stops none that is
		if err := o.engine.Start(ctx, c.ID); err != nil {
			return err
		}
		if v == start {
			return nil
		}
		c.Paused = false
	}
	switch {
	case v.changesImage() && !o.info.Features.Update:
		return engine.ErrLacks
	case v == update:
		return o.update(ctx, c)
	case v == revert:
		return o.revert(ctx, c)
	case v == restart && o.info.Features.Replace && o.outdated(ctx, c):
		return o.recreate(ctx, c, o.describeFailure(ctx, c))
	}
	if v == repair && c.Exists && !c.Ours() {
		if err := o.free(ctx, c, o.server.HandmadeFiles); err != nil {
			return err
		}
	}
	if v != start && c.Running {
		if err := o.Stop(ctx, c); err != nil {
			return err
		}
	}
	switch {
	case v == stop:
		return nil
	case !c.Exists:
		return o.startNew(ctx)
	case o.previous != "":
		return o.confirm(ctx, c)
	default:
		if err := o.seedUnstarted(ctx, c, engine.Container{}); err != nil {
			return err
		}
		return o.startExisting(ctx, c, v == repair)
	}
}

func (o *operation) Inspect(ctx context.Context) (engine.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return o.engine.Inspect(ctx, o.profile.Runtime)
}

func (o *operation) Stop(ctx context.Context, c engine.Container) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout+stopGrace)
	defer cancel()
	o.data.NoteRoot(ctx, c)
	return o.engine.Stop(ctx, c.ID, stopGrace)
}

// startExisting starts a container as it is, but for the settings in it.
func (o *operation) startExisting(ctx context.Context, c engine.Container, putIn bool) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := o.copyServerFiles(ctx, c, putIn); err != nil {
		return err
	}
	err := o.engine.Start(ctx, c.ID)
	o.started = err == nil
	return err
}

// startNew pulls the image if need be, makes volume and container, and starts
// it. What it made goes again if the container does not start, so that another
// try begins afresh.
func (o *operation) startNew(ctx context.Context) (err error) {
	if o.profile.Kind == config.KindColab && o.info.Arch != "" && o.info.Arch != "amd64" {
		return engine.PlatformProblem(o.profile, nil)
	}
	if err := o.provideImage(ctx); err != nil {
		return err
	}
	making := ctx // what is copied may take longer
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	spec := specOf(o.profile, o.server)
	if err := o.setMounts(ctx, &spec, engine.Container{}); err != nil {
		return err
	}
	spec.Labels = engine.WithUniqueLabel(spec.Labels)
	made, err := o.engine.Create(ctx, spec)
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		err = errors.Join(err, o.undo(ctx, spec.Labels[engine.LabelMade], made.Volume))
	}()
	if err != nil {
		return err
	}
	if err := o.Seed(making, spec, engine.Container{}); err != nil {
		return err
	}
	return o.startExisting(making, spec.Container(made.ID), false)
}

// provideImage pulls the image when the engine does not have it.
func (o *operation) provideImage(ctx context.Context) error {
	image, err := o.engine.Image(ctx, o.profile.Image, o.profile.Platform)
	if image.ID != "" || err != nil {
		return err
	}
	return o.pull(ctx)
}

func (o *operation) pull(ctx context.Context) error {
	o.progress(engine.Progress{})
	defer o.pulled()
	return o.engine.Pull(ctx, o.profile.Image, o.profile.Platform, o.progress)
}

// undo removes the container with that mark if it never ran, and its volume if
// that is as new. The mark tells it from a container that another program made of
// the same name meanwhile. The ID would not: a request that was cut off may have
// been obeyed all the same.
func (o *operation) undo(ctx context.Context, mark string, madeVolume bool) error {
	c, err := o.engine.Inspect(ctx, o.profile.Runtime)
	if err != nil {
		return err
	}
	if c.Exists && c.Ours() && c.Labels[engine.LabelMade] == mark {
		if c.Running {
			if err := o.engine.Stop(ctx, c.ID, 0); err != nil {
				return err
			}
		}
		if !c.StartedAt.IsZero() {
			return nil // it ran: what it wrote is not ours to remove
		}
		if err := o.engine.Remove(ctx, c.ID); err != nil {
			return err
		}
		c.Exists = false
	}
	if madeVolume && !c.Exists {
		return o.data.RemoveVolume(ctx)
	}
	return nil
}

// Problem tells a person why the operation failed.
func (o *operation) Problem(ctx context.Context, err error) *problem.Problem {
	var p *problem.Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, engine.ErrPortInUse) {
		return o.portProblem(ctx, err)
	}
	if p := o.gpuProblem(err); p != nil {
		return p
	}
	return engine.OperationProblem(o.profile, o.info, err)
}

// portProblem tells which port is in use and, where it can be found out, who
// has it. A container that exists keeps the port it was made with.
func (o *operation) portProblem(ctx context.Context, err error) *problem.Problem {
	port, exists := o.profile.Port, false
	if c, err := o.Inspect(ctx); err == nil && c.Exists {
		port, exists = cmp.Or(jupyter.LocalPort(c, o.profile.Kind), port), true
	}
	return portProblem(o.profile, port, portHolder(ctx, o.engine, port, o.profile.Runtime), exists, err)
}
