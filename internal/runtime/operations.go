package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"colabtray/internal/config"
)

// Labels on what this program makes.
const (
	labelRuntime = "dev.colabtray.runtime"
	labelProfile = "dev.colabtray.profile"
)

// How long the engine may take for one thing. A pull has no limit: it can be
// cancelled, and the engine gives up on a dead connection by itself.
const (
	quickly   = time.Minute
	stopGrace = 10 * time.Second // between asking Jupyter to end and ending it
	undoTime  = 30 * time.Second
)

// operation is one piece of work on the engine that a person asked for.
type operation struct {
	engine   Engine
	arch     string // of the engine
	profile  config.Profile
	server   Server
	progress func(Progress)
	pulled   func()

	started bool
}

// run does what the verb says. When ctx ends early it undoes what it made.
func (o *operation) run(ctx context.Context, v verb) error {
	c, err := o.inspect(ctx)
	if err != nil {
		return err
	}
	if c.Paused {
		if err := o.engine.Unpause(ctx, c.ID); err != nil {
			return err
		}
		if v == start {
			return nil
		}
	}
	if v == repair && c.Exists && !c.ours() {
		if err := o.free(ctx, c, o.server.HandmadeFiles); err != nil {
			return err
		}
	}
	if v != start && c.Running {
		if err := o.stop(ctx, c); err != nil {
			return err
		}
	}
	switch {
	case v == stop:
		return nil
	case !c.Exists:
		return o.startNew(ctx)
	default:
		return o.startExisting(ctx, c, v == repair)
	}
}

func (o *operation) inspect(ctx context.Context) (Container, error) {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	return o.engine.Inspect(ctx, o.profile.Runtime)
}

func (o *operation) stop(ctx context.Context, c Container) error {
	ctx, cancel := context.WithTimeout(ctx, quickly+stopGrace)
	defer cancel()
	return o.engine.Stop(ctx, c.ID, stopGrace)
}

// startExisting starts a container as it is. One of ours gets the settings of
// this version first, unless it has them; another gets them only when its owner
// asked for that.
func (o *operation) startExisting(ctx context.Context, c Container, putIn bool) error {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	var files fs.FS
	switch {
	case o.profile.Kind == config.KindColab: // brings its own
	case !c.ours():
		if putIn {
			files = o.server.HandmadeFiles
		}
	case !o.current(ctx, c):
		files = o.server.Files
	}
	if files != nil {
		if err := o.engine.CopyTo(ctx, c.ID, files); err != nil {
			return fmt.Errorf("settings could not be put into the container: %w", err)
		}
	}
	err := o.engine.Start(ctx, c.ID)
	o.started = err == nil
	return err
}

// free makes sure that none of the files is there already, unless we put it there.
func (o *operation) free(ctx context.Context, c Container, files fs.FS) error {
	return fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		archive, err := o.engine.Archive(ctx, c.ID, "/"+path)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		defer archive.Close()
		content, err := readFile(archive)
		if err == nil && !o.server.Ours(content) {
			err = occupiedProblem(c, "/"+path)
		}
		return err
	})
}

// startNew pulls the image if need be, makes volume and container, and starts
// it. What it made goes again if the container does not start, so that another
// try begins afresh.
func (o *operation) startNew(ctx context.Context) (err error) {
	if o.profile.Kind == config.KindColab && o.arch != "" && o.arch != "amd64" {
		return platformProblem(o.profile, nil)
	}
	if err := o.provideImage(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	labels := map[string]string{labelRuntime: o.profile.Runtime, labelProfile: o.profile.Name}
	madeVolume, err := o.engine.EnsureVolume(ctx, o.profile.Volume(), labels)
	var id string
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
		defer cancel()
		err = errors.Join(err, o.undo(ctx, id, madeVolume))
	}()
	if err != nil {
		return err
	}
	id, err = o.engine.Create(ctx, o.spec(labels))
	if err != nil {
		return err
	}
	return o.startExisting(ctx, Container{ID: id, Labels: labels}, false)
}

// provideImage pulls the image when the engine does not have it.
func (o *operation) provideImage(ctx context.Context) error {
	there, err := o.engine.HasImage(ctx, o.profile.Image)
	if there || err != nil {
		return err
	}
	o.progress(Progress{})
	defer o.pulled()
	return o.engine.Pull(ctx, o.profile.Image, o.progress)
}

// undo removes a container that never ran, and its volume if it is as new. A
// request to make the container that was cut off may have been obeyed, so the
// name is looked up when there is no ID.
func (o *operation) undo(ctx context.Context, id string, madeVolume bool) error {
	c, err := o.engine.Inspect(ctx, o.profile.Runtime)
	if err != nil {
		return err
	}
	if c.Exists && c.ours() && (id == "" || c.ID == id) {
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
		return o.engine.RemoveVolume(ctx, o.profile.Volume())
	}
	return nil
}

// problem tells a person why the operation failed.
func (o *operation) problem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, ErrPortInUse) {
		return o.portProblem(ctx, err)
	}
	return operationProblem(o.profile, o.engine.Host(), err)
}

// portProblem tells which port is in use and, where it can be found out, who
// has it. A container that exists keeps the port it was made with.
func (o *operation) portProblem(ctx context.Context, err error) *Problem {
	port, exists := o.profile.Port, false
	if c, err := o.inspect(ctx); err == nil && c.Exists {
		port, exists = cmp.Or(jupyterPort(c, o.profile.Kind), port), true
	}
	return portProblem(port, portHolder(ctx, o.engine, port, o.profile.Runtime), exists, err)
}

// spec tells what the container of the profile is made from.
func (o *operation) spec(labels map[string]string) Spec {
	s := Spec{
		Name:      o.profile.Runtime,
		Image:     o.profile.Image,
		Labels:    labels,
		InnerPort: innerPort(o.profile.Kind),
		Port:      o.profile.Port,
		Volume:    o.profile.Volume(),
		DataDir:   "/content",
	}
	if o.profile.Kind == config.KindJupyter {
		s.Cmd, s.DataDir = o.server.Cmd, "/home/jovyan"
	}
	return s
}

// innerPort returns the port in the container at which an image of that kind
// serves Jupyter.
func innerPort(k config.Kind) int {
	if k == config.KindColab {
		return 8080
	}
	return 8888
}

// current reports whether a container of ours has this version's files: to look
// is much quicker than to put them in again.
func (o *operation) current(ctx context.Context, c Container) bool {
	if o.server.Files == nil {
		return true
	}
	written, err := o.engine.Modified(ctx, c.ID, o.server.Cmd[len(o.server.Cmd)-1])
	return err == nil && written.Equal(stamp(o.server.Files))
}

// Server is what is put into a container of kind "jupyter", so that Jupyter
// serves what Colab needs.
type Server struct {
	// Cmd is the command that starts Jupyter; its last word is the path of one
	// of Files.
	Cmd []string
	// Files are put at / before each start of a container that we made.
	Files fs.FS
	// HandmadeFiles are put at / of a container that was made by hand, when
	// its owner asks for it.
	HandmadeFiles fs.FS
	// Ours reports whether a file in a container is one of HandmadeFiles, in
	// this version or another.
	Ours func(content []byte) bool
}
