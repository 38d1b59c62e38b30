package data

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// RestoreOptions tell what is restored.
type RestoreOptions struct {
	// File is the backup; empty for the newest that was made before data of this
	// runtime went.
	File string
	// Confirm is asked before a volume that holds something gets the content of
	// the backup instead; it may take its time. When it is nil such a volume is
	// left alone, which is a problem.
	Confirm func(ctx context.Context, b Backup) (bool, error)
	// NoBackup leaves out the backup of what the volume holds.
	NoBackup bool
	// Large accepts a backup that is very large unpacked.
	Large bool
	// Progress is told how far it is; it can be nil.
	Progress func(Progress)
}

// RestoreResult tells what was restored.
type RestoreResult struct {
	// From is the backup.
	From Backup
	// Backup is the file that has what the volume held; empty when there is none.
	Backup string
	// Started tells that the runtime ran, and does again.
	Started bool
}

// DeclinedProblem tells what a person said to a question.
func DeclinedProblem() *problem.Problem {
	return &problem.Problem{Code: problem.Cancelled, Short: i18n.T("problem.declined")}
}

// Open opens a backup; what is checked later is this file, whatever its name
// stands for by then.
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

// Check reads the backup as a whole.
func (d *Store) Check(ctx context.Context, f *os.File, large bool) (Backup, error) {
	info, err := f.Stat()
	if err != nil {
		return Backup{}, unreadableProblem(f.Name(), err)
	}
	c, err := backup.Check(stopping{ctx, f}, info.Size(), backup.CheckOptions{Large: large, Progress: d.progressFor(StepCheck)})
	if err != nil && ctx.Err() == nil {
		return Backup{}, badBackupProblem(d.Profile, f.Name(), err)
	}
	return Backup{Contents: c, File: f.Name()}, err
}

// HoldsSomething reports whether there is a volume with anything in it.
func (d *Store) HoldsSomething(ctx context.Context) (full bool, err error) {
	there, err := d.HasVolume(ctx)
	if err != nil || !there {
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
	_, err = in.Next() // what comes after the directory itself
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// Restore stops the runtime and changes the data. Who calls it has the claim.
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
		if saved, err = d.backupByItself(ctx, contents{volume: true}); err != nil {
			return "", unlessCancelled(ctx, err, unsavedProblem(err))
		}
	}
	return saved, d.Replace(ctx, f, from)
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

// RemoveVolume removes the volume that was made for nothing. One that a helper
// still has stays.
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

// Replace stages the content of the backup in the volume and has it put in the
// place of the data. What was staged counts once the helper has started; before
// that, it is removed again when something is wrong. The helpers stay as long as
// it is not known that the volume is in order: the next operation sees to it.
func (d *Store) Replace(ctx context.Context, f *os.File, from Backup) error {
	staged := false
	err := d.runScript(ctx, "commit", func(id string) error {
		// From now on another program does not start the runtime; it may have
		// done so since it was stopped.
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
		undone := d.recover(context.WithoutCancel(ctx))
		if undone == nil && staged {
			err = nil // it had begun to count
		} else if undone != nil && !errors.Is(undone, errOldData) {
			return unfinishedProblem(d.Profile, errors.Join(err, undone))
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
		err := backup.Unpack(w, stopping{ctx, f}, from.Contents, path.Join(backup.Staging, "new"), d.progressFor(StepRestore))
		w.CloseWithError(err)
		packed <- err
	}()
	err = volumes.Unpack(ctx, helper, engine.HelperDataDir, r)
	_ = r.CloseWithError(context.Canceled)
	if bad := <-packed; bad != nil && !errors.Is(bad, context.Canceled) && !errors.Is(bad, io.ErrClosedPipe) {
		return badBackupProblem(d.Profile, f.Name(), bad)
	}
	return err
}
