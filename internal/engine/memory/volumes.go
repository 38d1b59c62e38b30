package memory

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"colabtray/internal/engine"
)

// volume is a named volume.
type volume struct {
	name  string
	files tree
}

// EnsureVolume implements [engine.Volumes].
func (e *Engine) EnsureVolume(ctx context.Context, spec engine.Spec) (bool, error) {
	if err := e.lock(ctx); err != nil {
		return false, err
	}
	defer e.mu.Unlock()
	if e.volumes[spec.Volume] != nil {
		return false, nil
	}
	e.volumes[spec.Volume] = &volume{spec.Volume, tree{}}
	return true, nil
}

// HasVolume implements [engine.Volumes].
func (e *Engine) HasVolume(ctx context.Context, name string) (bool, error) {
	if err := e.lock(ctx); err != nil {
		return false, err
	}
	defer e.mu.Unlock()
	return e.volumes[name] != nil, nil
}

// RemoveVolume implements [engine.Volumes].
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	users, err := e.VolumeUsers(ctx, name, false)
	if err != nil {
		return err
	}
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.mu.Unlock()
	switch {
	case e.volumes[name] == nil:
		return fmt.Errorf("%w: volume %s", engine.ErrNotFound, name)
	case len(users) > 0:
		return fmt.Errorf("%w: %s is in use", engine.ErrConflict, name)
	}
	delete(e.volumes, name)
	return nil
}

// VolumeSize implements [engine.Volumes].
func (e *Engine) VolumeSize(ctx context.Context, name string) (size int64, err error) {
	if err := e.lock(ctx); err != nil {
		return 0, err
	}
	defer e.mu.Unlock()
	v := e.volumes[name]
	if v == nil {
		return 0, engine.ErrNotFound
	}
	for _, f := range v.files {
		size += int64(len(f.data))
	}
	return size, nil
}

// VolumeUsers implements [engine.Volumes].
func (e *Engine) VolumeUsers(ctx context.Context, name string, running bool) ([]string, error) {
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	var users []string
	for _, c := range e.containers {
		uses := func(v *volume) bool { return v.name == name }
		if (c.process != nil || !running) && slices.ContainsFunc(slices.Collect(maps.Values(c.mounts)), uses) {
			users = append(users, c.name)
		}
	}
	return users, nil
}

// Helpers implements [engine.Volumes].
func (e *Engine) Helpers(ctx context.Context, runtime string) ([]engine.Helper, error) {
	if err := e.lock(ctx); err != nil {
		return nil, err
	}
	defer e.mu.Unlock()
	var helpers []engine.Helper
	for _, c := range e.containers {
		if c.labels[engine.LabelHelper] == runtime && c.image.Labels[engine.LabelHelper] != runtime {
			helpers = append(helpers, engine.Helper{Name: c.name, ID: c.id, Writes: c.labels[engine.LabelWrites] != ""})
		}
	}
	return helpers, nil
}

// CreateHelper implements [engine.Volumes].
func (e *Engine) CreateHelper(ctx context.Context, spec engine.HelperSpec) (string, error) {
	if err := e.lock(ctx); err != nil {
		return "", err
	}
	defer e.mu.Unlock()
	labels := map[string]string{engine.LabelHelper: spec.Runtime, engine.LabelWrites: ""}
	if spec.Writes {
		labels[engine.LabelWrites] = "yes"
	}
	c, err := e.create(engine.Spec{
		Name: engine.HelperName(spec.Runtime), Image: spec.Image, Labels: labels,
		Entrypoint: spec.Cmd[:1], Cmd: spec.Cmd[1:], User: "0:0", WorkDir: "/",
	})
	if err != nil {
		return "", err
	}
	c.network = "none"
	if spec.Volume != "" {
		if e.volumes[spec.Volume] == nil {
			e.volumes[spec.Volume] = &volume{spec.Volume, tree{}}
		}
		c.mounts[spec.Path] = e.volumes[spec.Volume]
	}
	return c.id, nil
}

// ReadHelper implements [engine.Volumes].
func (e *Engine) ReadHelper(ctx context.Context, id, path string) (io.ReadCloser, error) {
	return e.Get(ctx, id, path)
}

// RemoveHelper implements [engine.Volumes].
func (e *Engine) RemoveHelper(ctx context.Context, id string) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	c := e.lookup(id)
	if c == nil {
		e.mu.Unlock()
		return nil
	}
	c.kill()
	over, runs := c.over, c.process != nil
	e.mu.Unlock()
	if runs {
		if err := wait(ctx, over); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.containers[c.id] != nil {
		e.remove(c)
	}
	return nil
}
