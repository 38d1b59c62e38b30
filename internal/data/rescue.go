package data

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// recoveredDir names the directory for files whose names are already taken.
func recoveredDir(at time.Time) string { return "recovered-" + at.Format("20060102-150405") }

// rescue copies the files that would be lost with a container into the data volume. It
// overwrites no file. When it fails, nothing is lost, and it can be repeated. The
// caller must hold the lock.
func (d *Store) rescue(ctx context.Context, found *ephemeral) error {
	if found.isEmpty() {
		return nil
	}
	d.Progress(Progress{Step: StepRescue})
	aside := recoveredDir(time.Now())
	err := d.merge(ctx, found.asBackupPart(ctx, aside), "keep", aside)
	if err == nil && len(found.directories()) > 0 {
		d.Log.Info("copied files that only the container had into the volume", "from", found.directories())
	}
	return err
}

// merge copies files into the volume where their names are free. In mode "keep" other
// files go into the directory aside; in mode "seed" they are left out.
func (d *Store) merge(ctx context.Context, files *backup.Extra, mode, aside string) error {
	f, err := d.temporary()
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	b, err := d.pack(ctx, f, files)
	if err != nil || b.Omitted.Extra == 0 && mode == "keep" {
		return err
	}
	if err := d.verify(ctx, f, b.Contents); err != nil {
		return err
	}
	if _, err := d.ensureVolume(ctx); err != nil {
		return err
	}
	err = d.runCommand(ctx, []string{"sh", "-c", mergeScript, "sh", mode, engine.HelperDataDir, aside}, func(id string) error {
		return d.stage(ctx, id, f, b)
	})
	if err != nil {
		undoErr := d.recover(context.WithoutCancel(ctx))
		if undoErr != nil && !errors.Is(undoErr, errOldData) {
			return errors.Join(err, undoErr) // the next operation recovers and removes the helpers
		}
	}
	return errors.Join(err, d.removeHelpers(ctx))
}

// temporary creates a file that the next Lock removes if this program is killed.
func (d *Store) temporary() (*os.File, error) {
	name := d.Profile.Runtime + "-" + time.Now().UTC().Format(backupTime) + backupEnd
	temp := partName(filepath.Join(d.Dir, name), d.Profile)
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fileProblem(temp, err)
	}
	return f, nil
}

// pack writes files to f in the format of a backup.
func (d *Store) pack(ctx context.Context, f *os.File, files *backup.Extra) (b Backup, err error) {
	report := d.progressFor(StepRescue)
	b.Contents, b.Omitted, err = backup.Write(&diskWriter{f}, backup.Source{
		Extra: files, Root: d.Profile.Kind.DataDir(), Runtime: d.Profile.Runtime, Made: time.Now(),
		Progress: func(n int64) { report(n, 0) },
	})
	if err == nil {
		err = ctx.Err()
	}
	return b, err
}

// ImageConfig returns the configuration of an image that the engine has.
func (d *Store) ImageConfig(ctx context.Context, name string) (engine.ImageConfig, error) {
	image, err := d.Engine.Image(ctx, name, "")
	switch {
	case err != nil:
		return engine.ImageConfig{}, err
	case image.Config == nil:
		return engine.ImageConfig{}, errors.New(i18n.T("problem.incompleteImage"))
	}
	return *image.Config, nil
}

// createUnstarted makes a container of an image that runs nothing. It does not mount
// the data volume, which would hide files of the image.
func (d *Store) createUnstarted(ctx context.Context, image string) (id string, remove func(), err error) {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return "", nil, err
	}
	id, err = volumes.CreateHelper(ctx, engine.HelperSpec{Runtime: d.Profile.Runtime, Image: image, Cmd: []string{"true"}})
	return id, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		if err := volumes.RemoveHelper(ctx, id); err != nil {
			d.Log.Warn("cannot remove a helper", "error", err)
		}
	}, err
}

// PasswdOf reads /etc/passwd of an image.
func (d *Store) PasswdOf(ctx context.Context, image string) ([]byte, error) {
	id, remove, err := d.createUnstarted(ctx, image)
	if err != nil {
		return nil, err
	}
	defer remove()
	return engine.Passwd(ctx, d.Engine, id)
}

// RescueFrom copies the files that would be lost with a container into the data volume.
// It takes the lock when there are any.
func (d *Store) RescueFrom(ctx context.Context, c engine.Container) error {
	found, err := d.findEphemeral(ctx, c)
	if err != nil {
		return unrescuedProblem(d.Profile, c, err)
	}
	if found.isEmpty() {
		return nil
	}
	release, err := d.Lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := d.rescue(ctx, found); err != nil {
		return unlessCancelled(ctx, err, unrescuedProblem(d.Profile, c, err))
	}
	return nil
}

// Seed copies files of an image into the data volume: those in directories where the
// volume hides them from a new container. It takes the lock.
func (d *Store) Seed(ctx context.Context, spec engine.Spec, hidden []string) error {
	release, err := d.Lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	config, err := d.ImageConfig(ctx, spec.Image)
	if err != nil {
		return err
	}
	id, remove, err := d.createUnstarted(ctx, spec.Image)
	if err != nil {
		return err
	}
	defer remove()
	a, err := engine.AccountOf(config, spec.Env, func() ([]byte, error) { return engine.Passwd(ctx, d.Engine, id) })
	if err != nil {
		return err
	}
	if len(config.Volumes) > 0 { // Podman fills them when the container starts
		if err := d.start(ctx, id); err != nil {
			d.Log.Debug("cannot start a container of the image", "error", err)
		} else if err := d.Engine.Wait(ctx, id); err != nil {
			return err
		}
	}
	from := &ephemeral{engine: d.Engine, container: id, account: a, dirs: hidden, nonEmpty: map[string]bool{}}
	return d.merge(ctx, &backup.Extra{
		Each: func(add func(*tar.Header, io.Reader) error) error { return from.eachInDirs(ctx, hidden, add) },
		UID:  a.UID, GID: a.GID, RecoveredDir: recoveredDir(time.Now()),
	}, "seed", "")
}
