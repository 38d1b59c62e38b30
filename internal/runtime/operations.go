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

// stopGrace is the time that Jupyter has to end before the engine kills it.
const stopGrace = 10 * time.Second

// operation is one piece of work on the engine that a person has asked for.
type operation struct {
	engine    engine.Engine
	info      engine.Info
	profile   config.Profile
	server    Server
	openGate  func(port int) error                  // see gate.open
	openPorts func(ports map[int]int) map[int]error // see forwards.open
	progress  func(engine.Progress)
	pulled    func()
	data      *data.Store
	exclusive *exclusive // the work of an exclusive verb; else nil

	confirmed bool     // Jupyter has answered in the current run
	previous  string   // ID of the old container in reserve for one that is not confirmed
	rescued   []string // IDs of the containers whose files are rescued

	started bool // the operation has started the container
}

// Run carries out the verb. If ctx ends early, Run undoes what it has created.
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
	if v != stop && o.previous == "" { // with a container in reserve, the image is not confirmed yet
		if err := o.finishImageTrial(ctx); err != nil {
			return err
		}
	}
	c, err := o.Inspect(ctx)
	if err != nil {
		return err
	}
	if v.changesImage() && o.info.Features.Update && o.previous != "" {
		if c, err = o.conclude(ctx, c); err != nil {
			return err
		}
	}
	if v == startPlain {
		v, o.profile.GPU = start, config.GPU{}
		waits := c.Waiting != nil && c.Waiting.For == engine.WaitingForGPU
		if c.Exists && (!c.Running || waits) && o.differs(c) {
			return o.recreate(ctx, c, i18n.T("problem.rolledBackPlain"))
		}
	}
	if v == start && c.Paused {
		return o.engine.Start(ctx, c.ID) // it goes on
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
		if err := o.checkFree(ctx, c, o.server.HandmadeFiles); err != nil {
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

// Inspect inspects the runtime's container.
func (o *operation) Inspect(ctx context.Context) (engine.Container, error) {
	return o.engine.Inspect(ctx, o.profile.Runtime)
}

// Stop stops the runtime's container. Before that the data's store learns the server's root
// directory, which only a running server can tell.
func (o *operation) Stop(ctx context.Context, c engine.Container) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout+stopGrace)
	defer cancel()
	if c.Waiting == nil {
		_ = o.data.RootOf(ctx, c)
	}
	return o.engine.Stop(ctx, c.ID, stopGrace)
}

// startExisting copies the server files into a container and starts it.
func (o *operation) startExisting(ctx context.Context, c engine.Container, intoHandmade bool) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	if err := o.copyServerFiles(ctx, c, intoHandmade); err != nil {
		return err
	}
	err := o.startContainer(ctx, c.ID)
	o.started = err == nil
	return err
}

// startNew pulls a missing image, creates the volume and the container, and starts the
// container. If the container does not start, startNew removes what it has created,
// so that another attempt begins from nothing.
func (o *operation) startNew(ctx context.Context) (err error) {
	if o.profile.Kind == config.KindColab && o.info.Arch != "" && o.info.Arch != "amd64" {
		return engine.PlatformProblem(o.profile, nil)
	}
	// The pull can take long, so this comes first.
	if checker, can := engine.As[engine.FolderChecker](o.engine); can {
		if err := checker.CheckFolders(ctx, o.profile.Folders); err != nil {
			return err
		}
	}
	if err := o.provideImage(ctx); err != nil {
		return err
	}
	unlimited := ctx // to seed the volume may take longer than a request
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	spec := specOf(o.profile, o.server, o.info)
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
	if err := o.seed(unlimited, spec, engine.Container{}); err != nil {
		return err
	}
	return o.startExisting(unlimited, spec.Container(made.ID), false)
}

// provideImage pulls the image if the engine does not have it.
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
	return engine.PullFor(ctx, o.engine, o.profile, o.progress)
}

// undo removes the container whose unique label is mark if it never ran, and its
// volume if the operation created the volume. The label tells the container from one
// of the same name that another program has created meanwhile. The ID is not always
// known: the engine may have carried out a request although ctx ended.
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
			return nil // it has run and may have written files
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

// problem returns the problem of an operation's error.
func (o *operation) problem(ctx context.Context, err error) *problem.Problem {
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

// portProblem returns the problem that the container's or the profile's port is in
// use, with the holder if it is known.
func (o *operation) portProblem(ctx context.Context, err error) *problem.Problem {
	if port := busyPublished(o.profile, err); port != 0 {
		return publishedPortProblem(port, portHolder(ctx, o.engine, o.info, port, o.profile.Runtime), err)
	}
	port, exists, free := o.profile.Port, false, 0
	c, inspectErr := o.Inspect(ctx)
	if inspectErr == nil && c.Exists {
		port, exists = cmp.Or(jupyter.LocalPort(c, o.profile, o.info), port), true
	}
	if !exists || c.Ours() && o.info.Features.Replace {
		free = freePort(ctx, port)
	}
	return portProblem(o.profile, port, portHolder(ctx, o.engine, o.info, port, o.profile.Runtime), exists, free, err)
}
