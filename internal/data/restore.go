package data

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// RestoreOptions tell what to restore.
type RestoreOptions struct {
	// File is the backup; empty for the newest automatic backup of the runtime.
	File string
	// Confirm is asked before a volume that is not empty is replaced; it may take its
	// time. Without Confirm such a volume is not replaced, which is a problem.
	Confirm func(ctx context.Context, b Backup) (bool, error)
	// NoBackup replaces the data without a backup of them.
	NoBackup bool
	// Large accepts a backup that is very large when unpacked.
	Large bool
	// Progress is called with the progress of the work; it can be nil.
	Progress func(Progress)
}

// RestoreResult tells what was restored.
type RestoreResult struct {
	// From is the backup that was restored.
	From Backup
	// Backup is the backup file of the replaced data; empty when there is none.
	Backup string
	// Started tells that the runtime ran before, and was started again.
	Started bool
}

// Open opens a backup file; empty for the newest automatic backup. What is checked and
// restored later is this open file, even if its name then leads to another.
func (d *Store) Open(file string) (*os.File, error) {
	if file == "" {
		var err error
		if file, err = d.newestBackup(); err != nil {
			return nil, err
		}
	}
	f, err := config.OpenRegular(file)
	if err != nil {
		return nil, unreadableProblem(file, err)
	}
	return f, nil
}

// Check reads and checks the whole backup.
func (d *Store) Check(ctx context.Context, f *os.File, large bool) (Backup, error) {
	info, err := f.Stat()
	if err != nil {
		return Backup{}, unreadableProblem(f.Name(), err)
	}
	c, err := backup.Check(contextReader{ctx, f}, info.Size(), backup.CheckOptions{Large: large, Progress: d.progressFor(StepCheck)})
	if err != nil && ctx.Err() == nil {
		return Backup{}, badBackupProblem(d.Profile, f.Name(), err)
	}
	return Backup{Contents: c, File: f.Name()}, err
}

// Restore stops the runtime and replaces the data by the content of the backup. With
// save it first makes an automatic backup of the old data, whose file it returns. It
// sets *ran when the runtime ran. The caller must hold the lock.
func (d *Store) Restore(ctx context.Context, of Owner, f *os.File, from Backup, save bool, ran *bool) (saved string, err error) {
	if err := d.unused(ctx, of, true); err != nil {
		return "", err
	}
	made, err := d.ensureVolume(ctx)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil && made {
			err = errors.Join(err, d.RemoveVolume(ctx))
		}
	}()
	if err := d.checkFreeSpace(ctx, from.Contents); err != nil {
		return "", err
	}
	c, err := d.stopRuntime(ctx, of)
	if err != nil {
		return "", err
	}
	*ran = c.Running
	if save {
		if saved, err = d.backupAutomatically(ctx, contents{volume: true}); err != nil {
			return "", unlessCancelled(ctx, err, unsavedProblem(err))
		}
	}
	return saved, d.Replace(ctx, f, from)
}

// Replace stages the content of the backup in the volume, and has a helper replace the
// data with it. The staged content counts once the helper has started; when something
// fails before, it is removed. The helpers stay until the volume is known to be
// consistent, so that the next operation recovers.
func (d *Store) Replace(ctx context.Context, f *os.File, from Backup) error {
	staged := false
	err := d.runScript(ctx, "commit", func(id string) error {
		// From now on other programs do not start the runtime, because of the helper.
		// One may have started the runtime since it was stopped.
		if c, err := d.Engine.Inspect(ctx, d.Profile.Runtime); err != nil || c.Running {
			return cmp.Or(err, error(StartedAgainProblem(c)))
		}
		err := d.stage(ctx, id, f, from)
		staged = err == nil
		return err
	})
	switch {
	case err == nil:
	case errors.Is(err, errOldData):
		err = unmovedProblem(d.Profile, err)
	default:
		recoverErr := d.recover(context.WithoutCancel(ctx))
		if recoverErr == nil && staged {
			err = nil // the new data are in place
		} else if recoverErr != nil && !errors.Is(recoverErr, errOldData) {
			return unfinishedProblem(d.Profile, errors.Join(err, recoverErr))
		}
	}
	return errors.Join(err, d.removeHelpers(ctx))
}

// stage unpacks the backup beside the data.
func (d *Store) stage(ctx context.Context, helper string, f *os.File, from Backup) error {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := backup.Unpack(w, contextReader{ctx, f}, from.Contents, path.Join(backup.Staging, "new"), d.progressFor(StepRestore))
		w.CloseWithError(err)
		packed <- err
	}()
	err = volumes.Unpack(ctx, helper, engine.HelperDataDir, r)
	_ = r.CloseWithError(context.Canceled)
	if packErr := <-packed; packErr != nil && !errors.Is(packErr, context.Canceled) && !errors.Is(packErr, io.ErrClosedPipe) {
		return badBackupProblem(d.Profile, f.Name(), packErr)
	}
	return err
}
