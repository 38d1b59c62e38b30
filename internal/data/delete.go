package data

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// DeleteOptions tell what is deleted.
type DeleteOptions struct {
	// Data deletes the data volume, too.
	Data bool
	// NoBackup leaves out the backup of the data that is made before.
	NoBackup bool
	// Progress is told how far it is; it can be nil.
	Progress func(Progress)
}

// DeleteResult tells what was deleted.
type DeleteResult struct {
	Container, Volume bool
	// VolumeKept tells that the data volume is still there.
	VolumeKept bool
	// Backup is the file that has the data; empty when none was made.
	Backup string
	// Rescued are the directories of the container of which files were copied into
	// the volume.
	Rescued []string
}

func (d *Store) Delete(ctx context.Context, of Owner, o DeleteOptions) (deleted DeleteResult, err error) {
	if err := d.RecoverInterrupted(ctx); err != nil {
		return deleted, err
	}
	previous, err := of.Recover(ctx)
	if err != nil {
		return deleted, err
	}
	if o.Data {
		if err := d.unused(ctx, of, false); err != nil {
			return deleted, err
		}
	}
	c, err := d.stopRuntime(ctx, of)
	if err != nil {
		return deleted, err
	}
	if !o.NoBackup {
		if deleted.Rescued, deleted.Backup, err = d.save(ctx, previous, c, o.Data); err != nil {
			return deleted, unlessCancelled(ctx, err, undeletedProblem(d.Profile, o.Data, err))
		}
	}
	there, err := d.HasVolume(ctx)
	if err != nil {
		return deleted, err
	}
	deleted.VolumeKept = there && !o.Data
	if err := ctx.Err(); err != nil {
		return deleted, err
	}
	// From here on it is done to the end: half of it is what nobody asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.RequestTimeout)
	defer cancel()
	d.Progress(Progress{Step: StepDelete})
	for _, id := range []string{previous, c.ID} {
		if id == "" {
			continue
		}
		if err := d.Engine.Remove(ctx, id); err != nil && !errors.Is(err, engine.ErrNotFound) {
			return deleted, err
		}
		deleted.Container = true
	}
	if there && o.Data {
		volumes, err := engine.Need[engine.Volumes](d.Engine)
		if err == nil {
			err = volumes.RemoveVolume(ctx, d.Profile.Volume())
		}
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			return deleted, err
		}
		deleted.Volume = true
	}
	return deleted, nil
}

// save sees to it that nothing of what is to be deleted is lost. What is in a
// container of ours alone is copied into the volume. Nothing is put into the
// volume for one that was made by hand: what it has goes into a backup, as the
// volume does when that is to be deleted, too.
func (d *Store) save(ctx context.Context, previous string, c engine.Container, data bool) (rescued []string, file string, err error) {
	containers := []engine.Container{c}
	if previous != "" {
		old, err := d.Engine.Inspect(ctx, previous)
		if err != nil {
			return nil, "", err
		}
		containers = append(containers, old)
	}
	var handmade *ephemeral
	for _, c := range containers {
		found, err := d.findEphemeral(ctx, c)
		switch {
		case err != nil:
			return nil, "", err
		case c.Ours():
			err = d.rescue(ctx, found)
			rescued = append(rescued, found.directories()...)
		case !found.isEmpty():
			handmade = found
		}
		if err != nil {
			return nil, "", err
		}
	}
	volume := false
	if data {
		if volume, err = d.HasVolume(ctx); err != nil {
			return nil, "", err
		}
	}
	if !volume && handmade == nil {
		return rescued, "", nil
	}
	file, err = d.backupByItself(ctx, contents{volume, handmade})
	var p *problem.Problem
	if errors.As(err, &p) && p.Code == problem.NoData {
		return rescued, "", nil // directories alone
	}
	return rescued, file, err
}

// stopRuntime stops the runtime if it runs, and returns its container as it was.
func (d *Store) stopRuntime(ctx context.Context, of Owner) (engine.Container, error) {
	c, err := of.Inspect(ctx)
	if err != nil || !c.Running {
		return c, err
	}
	d.Progress(Progress{Step: StepStop})
	if c.Paused {
		if err := d.Engine.Start(ctx, c.ID); err != nil {
			return c, err
		}
	}
	return c, of.Stop(ctx, c)
}

func (d *Store) HasVolume(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	volumes, has := engine.As[engine.Volumes](d.Engine)
	if !has {
		return false, nil
	}
	return volumes.HasVolume(ctx, d.Profile.Volume())
}

// unused makes sure that no container but the runtime's, and the one it may yet
// replace, mounts the volume or, if only that matters, mounts it and runs.
func (d *Store) unused(ctx context.Context, of Owner, running bool) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return err
	}
	users, err := volumes.VolumeUsers(ctx, d.Profile.Volume(), running)
	if err != nil {
		return err
	}
	users = slices.DeleteFunc(users, func(name string) bool { return name == d.Profile.Runtime || name == of.PreviousName() })
	if len(users) > 0 {
		return volumeInUseProblem(d.Profile, users, d.Info().Command)
	}
	return nil
}

// unlessCancelled returns the problem, or the error that ctx's end is.
func unlessCancelled(ctx context.Context, err error, p *problem.Problem) error {
	if ctx.Err() != nil {
		return err
	}
	return p
}

// Size asks for the size of the volume. It is wanted, not needed: only ctx's end
// is an error. Docker answers one at a time who asks for it, and refuses others.
func (d *Store) Size(ctx context.Context) (int64, error) {
	const tries, pause = 5, 300 * time.Millisecond
	// To add up the size takes an engine without an index of it a while.
	asking, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	volumes, has := engine.As[engine.Volumes](d.Engine)
	if !has {
		return -1, nil
	}
	for range tries {
		size, err := volumes.VolumeSize(asking, d.Profile.Volume())
		if err == nil {
			return size, nil
		}
		if !errors.Is(err, engine.ErrBusy) {
			break
		}
		select {
		case <-asking.Done():
		case <-time.After(pause):
		}
	}
	return -1, ctx.Err()
}

// DeletePlan is what deleting would take away, and what would stay.
type DeletePlan struct {
	// Container tells that there is one, Running that it runs, and Ours that this
	// program made it.
	Container, Running, Ours bool
	// Volume tells that the data volume is there.
	Volume bool
	// Others are the volumes with names that the container has besides; they stay.
	Others []string
	// Lost is what the container alone has.
	Lost Lost
}

// CountLosses counts what a container alone has.
func (d *Store) CountLosses(ctx context.Context, c engine.Container) (Lost, error) {
	var l Lost
	found, err := d.findEphemeral(ctx, c)
	if err != nil || found.isEmpty() {
		return l, err
	}
	err = found.each(ctx, func(h *tar.Header, _ io.Reader) error {
		if h.Typeflag != tar.TypeDir {
			l.Files++
			l.Bytes += h.Size
		}
		return nil
	})
	l.Dirs = found.directories()
	return l, err
}
