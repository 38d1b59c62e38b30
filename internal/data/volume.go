package data

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"colabtray/internal/engine"
)

// HasVolume reports whether the data volume exists.
func (d *Store) HasVolume(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	volumes, has := engine.As[engine.Volumes](d.Engine)
	if !has {
		return false, nil
	}
	return volumes.HasVolume(ctx, d.Profile.Volume())
}

// HoldsSomething reports whether the volume exists and is not empty.
func (d *Store) HoldsSomething(ctx context.Context) (full bool, err error) {
	exists, err := d.HasVolume(ctx)
	if err != nil || !exists {
		return false, err
	}
	id, err := d.reader(ctx)
	defer func() { err = errors.Join(err, d.removeHelpers(ctx)) }()
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	archive, err := d.read(ctx, id)
	if err != nil {
		return false, err
	}
	defer archive.Close()
	in := tar.NewReader(archive)
	if _, err := in.Next(); err != nil {
		return false, err
	}
	_, err = in.Next() // the entry after the directory itself
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

func (d *Store) ensureVolume(ctx context.Context) (made bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return false, err
	}
	return volumes.EnsureVolume(ctx, d.Spec)
}

// RemoveVolume removes a volume that was made for a restore that failed. It keeps the
// volume while a helper exists.
func (d *Store) RemoveVolume(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	volumes, has := engine.As[engine.Volumes](d.Engine)
	if !has {
		return nil
	}
	if helpers, err := volumes.Helpers(ctx, d.Profile.Runtime); err != nil || len(helpers) > 0 {
		return err
	}
	return volumes.RemoveVolume(ctx, d.Profile.Volume())
}

// unused returns an error when another container than the runtime's, or its previous
// one, mounts the volume. When running is true, only containers that run count.
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

// Size returns the size of the volume in bytes, or -1 when it is not known. Only the
// end of ctx is an error, because callers can do without the size. Docker computes the
// size for one client at a time, and refuses others meanwhile.
func (d *Store) Size(ctx context.Context) (int64, error) {
	const attempts, pause = 5, 300 * time.Millisecond
	// An engine without an index has to add up the size of all files.
	asking, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	volumes, has := engine.As[engine.Volumes](d.Engine)
	if !has {
		return -1, nil
	}
	for range attempts {
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
