package data

import (
	"archive/tar"
	"context"
	"errors"
	"io"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// DeleteOptions tell what to delete.
type DeleteOptions struct {
	// Data deletes the data volume, too.
	Data bool
	// NoBackup deletes without a backup of the data.
	NoBackup bool
	// Progress is called with the progress of the work; it can be nil.
	Progress func(Progress)
}

// DeleteResult tells what was deleted.
type DeleteResult struct {
	Container, Volume bool
	// VolumeKept tells that the data volume still exists.
	VolumeKept bool
	// Backup is the backup file of the data; empty when none was made.
	Backup string
	// Rescued are the directories of the container from which files were copied into
	// the volume.
	Rescued []string
}

// Delete stops the runtime and deletes its container, and with o.Data the data volume.
// Before that it backs up or rescues what would be lost, unless o.NoBackup is set. When
// that fails, Delete deletes nothing. The caller must hold the lock.
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
	hasVolume, err := d.HasVolume(ctx)
	if err != nil {
		return deleted, err
	}
	deleted.VolumeKept = hasVolume && !o.Data
	if err := ctx.Err(); err != nil {
		return deleted, err
	}
	// From here on the deletion is not cancelled: nobody wants half of it.
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
	if hasVolume && o.Data {
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

// save saves all files that would be lost by the deletion. Files that only a container
// of this program has are copied into the volume. Files of a container made by hand are
// not, but go into a backup. The volume goes into the backup, too, when data is true.
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
	file, err = d.backupAutomatically(ctx, contents{volume, handmade})
	var p *problem.Problem
	if errors.As(err, &p) && p.Code == problem.NoData {
		return rescued, "", nil // there were only directories
	}
	return rescued, file, err
}

// stopRuntime stops the runtime if it runs, and returns its container as it was before.
func (d *Store) stopRuntime(ctx context.Context, of Owner) (engine.Container, error) {
	c, err := of.Inspect(ctx)
	if err != nil || !c.Running {
		return c, err
	}
	d.Progress(Progress{Step: StepStop})
	return c, of.Stop(ctx, c)
}

// DeletePlan is what a deletion would delete, and what it would keep.
type DeletePlan struct {
	// Container tells that the container exists, Running that it runs, and Ours that
	// this program made it.
	Container, Running, Ours bool
	// Volume tells that the data volume exists.
	Volume bool
	// Others are the other named volumes that the container mounts; they are kept.
	Others []string
	// Lost counts the files that only the container has.
	Lost Lost
}

// CountLosses counts the files that only a container has.
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
