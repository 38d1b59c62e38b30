package runtime

import (
	"context"
	"slices"

	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// Backup writes the data of the runtime to a file, also while it runs. The file
// is read back before it gets its name. It returns a *[Problem] when it fails,
// and ctx's error when that ends first.
func (m *Manager) Backup(ctx context.Context, o data.BackupOptions) (data.Backup, error) {
	if err := m.reachable(ctx); err != nil {
		return data.Backup{}, err
	}
	d := m.data(o.Progress)
	if !d.Info().Features.Data {
		return data.Backup{}, d.Problem(ctx, engine.ErrLacks)
	}
	release, err := d.Lock()
	if err != nil {
		return data.Backup{}, err
	}
	defer release()
	b, err := d.BackupFile(ctx, o)
	return b, d.Problem(ctx, err)
}

// data makes what works on the runtime's data; progress can be nil.
func (m *Manager) data(progress func(data.Progress)) *data.Store {
	d := data.New(data.Options{
		Engine: m.engine(), Info: m.link.Info, Profile: m.Profile(), Spec: specOf(m.Profile(), Server{}), Dir: m.backups,
		Log: m.log, Progress: progress,
		AskRoot: func(ctx context.Context, c engine.Container) string {
			files, err := jupyter.InfoFiles(ctx, m.engine(), c)
			if err != nil {
				m.log.Debug("info files", "error", err)
			}
			return jupyter.ServerRoot(files)
		},
	})
	if s := m.Snapshot(); s.root != "" {
		d.SetRoot(s.Container, s.root)
	}
	return d
}

// Delete deletes the container of the runtime and, if asked, its data, of which
// a backup is made before; when that fails, nothing is deleted. The runtime is
// stopped first. It returns a *[Problem] when it fails, and ctx's error, with
// nothing deleted, when ctx ends first.
func (m *Manager) Delete(ctx context.Context, o data.DeleteOptions) (data.DeleteResult, error) {
	d := m.data(o.Progress)
	release, err := d.Lock()
	if err != nil {
		return data.DeleteResult{}, err
	}
	defer release()
	var deleted data.DeleteResult
	err = m.runExclusive(ctx, remove, func(ctx context.Context, op *operation) error {
		op.data = d // which learns what the server shows before it is stopped
		var err error
		deleted, err = d.Delete(ctx, op, o)
		return err
	})
	return deleted, err
}

// DataSize returns how many bytes the data volume takes, negative when the
// engine does not tell; there is false when there is no volume.
func (m *Manager) DataSize(ctx context.Context) (size int64, there bool, err error) {
	d := m.data(nil)
	there, err = d.HasVolume(ctx)
	if err == nil && there {
		size, err = d.Size(ctx)
	}
	if err != nil {
		return 0, false, engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	return size, there, nil
}

// PlanDelete looks what deleting the runtime would take away.
func (m *Manager) PlanDelete(ctx context.Context) (g data.DeletePlan, err error) {
	d := m.data(nil)
	c, err := d.Engine.Inspect(ctx, m.runtime)
	if err == nil {
		g.Volume, err = d.HasVolume(ctx)
	}
	if err == nil {
		g.Container, g.Running, g.Ours = c.Exists, c.Running, c.Ours()
		for _, mount := range c.Mounts {
			if v := mount.Volume; v != "" && mount.IsPersistent() && v != d.Profile.Volume() && !slices.Contains(g.Others, v) {
				g.Others = append(g.Others, v)
			}
		}
		g.Lost, err = d.CountLosses(ctx, c)
	}
	if err != nil {
		return data.DeletePlan{}, d.Problem(ctx, err)
	}
	return g, nil
}

// Restore puts the content of a backup in the place of the data. The backup is
// read as a whole before anything is changed. The runtime is stopped for it, and
// started again if it ran; where there is none, only the volume is made. It
// returns a *[Problem] when it fails, and ctx's error when that ends first; then
// the data are the old ones.
func (m *Manager) Restore(ctx context.Context, o data.RestoreOptions) (r data.RestoreResult, err error) {
	d := m.data(o.Progress)
	var answer error // what the answer was, if it was no yes; it is for who asked
	defer func() {
		if answer == nil {
			err = d.Problem(ctx, err)
		}
	}()
	if err := m.reachable(ctx); err != nil {
		return r, err
	}
	if !d.Info().Features.Data {
		return r, engine.ErrLacks
	}
	f, err := d.Open(o.File)
	if err != nil {
		return r, err
	}
	defer f.Close()
	if r.From, err = d.Check(ctx, f, o.Large); err != nil {
		return r, err
	}
	release, err := d.Lock()
	if err != nil {
		return r, err
	}
	defer release()
	if err := d.RecoverInterrupted(ctx); err != nil {
		return r, err
	}
	full, err := d.HoldsSomething(ctx)
	if err != nil {
		return r, err
	}
	if full {
		if o.Confirm == nil {
			return r, data.NotEmptyProblem(d.Profile)
		}
		var yes bool
		if yes, answer = o.Confirm(ctx, r.From); answer == nil && !yes {
			answer = data.DeclinedProblem()
		}
		if answer != nil {
			return r, answer
		}
	}
	ran := false
	err = m.runExclusive(ctx, restore, func(ctx context.Context, op *operation) error {
		d.PullWith(op.provideImage)
		var err error
		r.Backup, err = d.Restore(ctx, op, f, r.From, full && !o.NoBackup, &ran)
		return err
	})
	if ran && ctx.Err() == nil {
		d.Begin(data.StepStart)
		started := m.Start(ctx)
		r.Started = started == nil
		if err == nil {
			err = started
		}
	}
	return r, err
}
