package runtime

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"colabtray/internal/words"
)

// DeleteOptions tell what is deleted.
type DeleteOptions struct {
	// Data deletes the data volume, too.
	Data bool
	// NoBackup leaves out the backup of the data that is made before.
	NoBackup bool
	// Progress is told how far it is; it can be nil.
	Progress func(DataProgress)
}

// Deleted tells what was deleted.
type Deleted struct {
	Container, Volume bool
	// Backup is the file that has the data; empty when none was made.
	Backup string
}

// Delete deletes the container of the runtime and, if asked, its data, of which
// a backup is made before; when that fails, nothing is deleted. The runtime is
// stopped first. It returns a *[Problem] when it fails, and ctx's error, with
// nothing deleted, when ctx ends first.
func (m *Manager) Delete(ctx context.Context, o DeleteOptions) (Deleted, error) {
	d := m.data(o.Progress)
	release, err := d.claim()
	if err != nil {
		return Deleted{}, err
	}
	defer release()
	var deleted Deleted
	err = m.perform(ctx, remove, func(ctx context.Context, op *operation) error {
		var err error
		deleted, err = d.delete(ctx, op, o)
		return err
	})
	return deleted, err
}

func (d *data) delete(ctx context.Context, op *operation, o DeleteOptions) (deleted Deleted, err error) {
	if err := d.tidy(ctx); err != nil {
		return deleted, err
	}
	previous, err := op.recover(ctx)
	if err != nil {
		return deleted, err
	}
	there := false
	if o.Data {
		if there, err = d.hasVolume(ctx); err != nil {
			return deleted, err
		}
		if err := d.unused(ctx, op, false); err != nil {
			return deleted, err
		}
	}
	c, err := d.halt(ctx, op)
	if err != nil {
		return deleted, err
	}
	if there && !o.NoBackup {
		if deleted.Backup, err = d.backupByItself(ctx); err != nil {
			return deleted, unlessCancelled(ctx, err, undeletedProblem(d.profile, err))
		}
	}
	if err := ctx.Err(); err != nil {
		return deleted, err
	}
	// From here on it is done to the end: half of it is what nobody asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), quickly)
	defer cancel()
	d.progress(DataProgress{Step: StepDelete})
	for _, id := range []string{previous, c.ID} {
		if id == "" {
			continue
		}
		if err := d.engine.Remove(ctx, id); err != nil && !errors.Is(err, ErrNotFound) {
			return deleted, err
		}
		deleted.Container = true
	}
	if there {
		if err := d.engine.RemoveVolume(ctx, d.profile.Volume()); err != nil && !errors.Is(err, ErrNotFound) {
			return deleted, err
		}
		deleted.Volume = true
	}
	return deleted, nil
}

// halt stops the runtime if it runs, and returns its container as it was.
func (d *data) halt(ctx context.Context, op *operation) (Container, error) {
	c, err := op.inspect(ctx)
	if err != nil || !c.Running {
		return c, err
	}
	d.progress(DataProgress{Step: StepStop})
	if c.Paused {
		if err := d.engine.Unpause(ctx, c.ID); err != nil {
			return c, err
		}
	}
	return c, op.stop(ctx, c)
}

func (d *data) hasVolume(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	return d.engine.HasVolume(ctx, d.profile.Volume())
}

// unused makes sure that no container but the runtime's, and the one it may yet
// replace, mounts the volume or, if only that matters, mounts it and runs.
func (d *data) unused(ctx context.Context, op *operation, running bool) error {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	users, err := d.engine.VolumeUsers(ctx, d.profile.Volume(), running)
	if err != nil {
		return err
	}
	users = slices.DeleteFunc(users, func(name string) bool { return name == d.profile.Runtime || name == op.previousName() })
	if len(users) > 0 {
		return volumeInUseProblem(d.profile, users, d.engine.CLI())
	}
	return nil
}

// unlessCancelled returns the problem, or the error that ctx's end is.
func unlessCancelled(ctx context.Context, err error, p *Problem) error {
	if ctx.Err() != nil {
		return err
	}
	return p
}

// DataSize returns how many bytes the data volume takes, negative when the
// engine does not tell; there is false when there is no volume.
func (m *Manager) DataSize(ctx context.Context) (size int64, there bool, err error) {
	d := m.data(nil)
	there, err = d.hasVolume(ctx)
	if err == nil && there {
		size, err = d.size(ctx)
	}
	if err != nil {
		return 0, false, operationProblem(m.Profile(), m.engine(), err)
	}
	return size, there, nil
}

// size asks for the size of the volume. It is wanted, not needed: only ctx's end
// is an error. Docker answers one at a time who asks for it, and refuses others.
func (d *data) size(ctx context.Context) (int64, error) {
	const tries, pause = 5, 300 * time.Millisecond
	// To add up the size takes an engine without an index of it a while.
	asking, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for range tries {
		size, err := d.engine.VolumeSize(asking, d.profile.Volume())
		if err == nil {
			return size, nil
		}
		if !errors.Is(err, ErrBusy) {
			break
		}
		select {
		case <-asking.Done():
		case <-time.After(pause):
		}
	}
	return -1, ctx.Err()
}

// HasContainer asks the engine whether the runtime has a container, and whether
// that runs.
func (m *Manager) HasContainer(ctx context.Context) (exists, running bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil {
		return false, false, operationProblem(m.Profile(), m.engine(), err)
	}
	return c.Exists, c.Running, nil
}

// listed joins names for a sentence.
func listed(names []string) string {
	const most = 3
	switch last := len(names) - 1; {
	case len(names) > most:
		return words.Say("problem.namesAndMore", "names", strings.Join(names[:most], ", "), "more", len(names)-most)
	case last > 0:
		return words.Say("problem.namesAnd", "names", strings.Join(names[:last], ", "), "last", names[last])
	default:
		return strings.Join(names, "")
	}
}
