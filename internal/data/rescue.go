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

// asBackupPart makes of what lies outside a part of a backup.
func (o *ephemeral) asBackupPart(ctx context.Context, aside string) *backup.Extra {
	return &backup.Extra{
		Each:         func(add func(*tar.Header, io.Reader) error) error { return o.each(ctx, add) },
		RecoveredDir: aside, UID: o.account.UID, GID: o.account.GID,
	}
}

// recoveredDir is where files go whose places are taken.
func recoveredDir(at time.Time) string { return "recovered-" + at.Format("20060102-150405") }

// rescue copies what would go away with a container into the data volume. No file
// there is overwritten. When it fails nothing is lost, and to do it again does no
// harm. Who calls it has the claim.
func (d *Store) rescue(ctx context.Context, found *ephemeral) error {
	if found.isEmpty() {
		return nil
	}
	d.Progress(Progress{Step: StepRescue})
	aside := recoveredDir(time.Now())
	err := d.merge(ctx, found.asBackupPart(ctx, aside), "keep", aside)
	if err == nil && len(found.directories()) > 0 {
		d.Log.Info("what the container alone had is in the volume now", "from", found.directories())
	}
	return err
}

// merge puts files into the volume, where their places are free. Where they are
// not, they go aside, or are left out when aside is empty.
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
		undone := d.recover(context.WithoutCancel(ctx))
		if undone != nil && !errors.Is(undone, errOldData) {
			return errors.Join(err, undone) // the next operation sees to the helpers
		}
	}
	return errors.Join(err, d.removeHelpers(ctx))
}

// temporary makes a file that the next claim removes, should this program be killed.
func (d *Store) temporary() (*os.File, error) {
	name := d.Profile.Runtime + "-" + time.Now().UTC().Format(backupTime) + backupEnd
	temp := partOf(filepath.Join(d.Dir, name), d.Profile)
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fileProblem(temp, err)
	}
	return f, nil
}

// pack writes files to f in the form of a backup.
func (d *Store) pack(ctx context.Context, f *os.File, files *backup.Extra) (b Backup, err error) {
	tell := d.progressFor(StepRescue)
	b.Contents, b.Omitted, err = backup.Write(&diskWriter{f}, backup.Source{
		Extra: files, Root: d.Profile.Kind.DataDir(), Runtime: d.Profile.Runtime, Made: time.Now(),
		Progress: func(n int64) { tell(n, 0) },
	})
	if err == nil {
		err = ctx.Err()
	}
	return b, err
}

// ImageConfig returns what an image that is there says of containers.
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

// createUnstarted makes a container of an image that does nothing, and has no volume of ours
// over what the image brings.
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
			d.Log.Warn("a helper is left", "error", err)
		}
	}, err
}

// PasswdOf reads the accounts of an image.
func (d *Store) PasswdOf(ctx context.Context, image string) ([]byte, error) {
	id, remove, err := d.createUnstarted(ctx, image)
	if err != nil {
		return nil, err
	}
	defer remove()
	return engine.Passwd(ctx, d.Engine, id)
}

// eachInDirs gives all that is in directories of the container.
func (o *ephemeral) eachInDirs(ctx context.Context, dirs []string, add func(*tar.Header, io.Reader) error) error {
	seen := map[string]bool{}
	for _, dir := range dirs {
		err := o.read(ctx, dir, true, func(string) bool { return true }, func(name string, h *tar.Header, content io.Reader) error {
			if rel := relativeTo(dir, name); seen[rel] && h.Typeflag != tar.TypeDir {
				return nil // the first one counts
			} else {
				seen[rel] = true
			}
			return o.emit(ctx, name, h, content, add)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RescueFrom copies what would go away with a container into the data volume. It
// takes the claim, when there is something to copy.
func (d *Store) RescueFrom(ctx context.Context, c engine.Container) error {
	found, err := d.findEphemeral(ctx, c)
	if err != nil {
		return unrescuedProblem(d.Profile, c, err)
	}
	if found.isEmpty() {
		return nil
	}
	release, err := d.Lock()
	if err != nil {
		return err
	}
	defer release()
	if err := d.rescue(ctx, found); err != nil {
		return unlessCancelled(ctx, err, unrescuedProblem(d.Profile, c, err))
	}
	return nil
}

// Seed puts into the volume what the image of a container that is to be made has in
// directories that the volume hides. It takes the claim.
func (d *Store) Seed(ctx context.Context, spec engine.Spec, hidden []string) error {
	release, err := d.Lock()
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
	if len(config.Volumes) > 0 { // which Podman fills when the container starts
		if err := d.start(ctx, id); err != nil {
			d.Log.Debug("a container of the image does not start", "error", err)
		} else if err := d.Engine.Wait(ctx, id); err != nil {
			return err
		}
	}
	from := &ephemeral{engine: d.Engine, container: id, account: a, dirs: hidden, had: map[string]bool{}}
	return d.merge(ctx, &backup.Extra{
		Each: func(add func(*tar.Header, io.Reader) error) error { return from.eachInDirs(ctx, hidden, add) },
		UID:  a.UID, GID: a.GID, RecoveredDir: recoveredDir(time.Now()),
	}, "seed", "")
}
