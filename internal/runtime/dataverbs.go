package runtime

import (
	"context"
	"slices"

	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// Backup writes the data of the runtime to a file. The runtime can run meanwhile, and
// files can be read.
// Backup reads the file back and verifies it before the file gets its final name.
// The error is a *[problem.Problem], or ctx's error if ctx ends first.
func (m *Manager) Backup(ctx context.Context, o data.BackupOptions) (data.Backup, error) {
	if err := m.reachable(ctx); err != nil {
		return data.Backup{}, err
	}
	d := m.data(o.Progress)
	if !d.Info().Features.Data {
		return data.Backup{}, d.Problem(ctx, engine.ErrLacks)
	}
	release, err := d.LockBackup()
	if err != nil {
		return data.Backup{}, err
	}
	defer release()
	var b data.Backup
	err = m.reading(ctx, d, func() (err error) {
		b, err = d.BackupFile(ctx, o)
		return err
	})
	return b, d.Problem(ctx, err)
}

// BackupDir returns the directory of this program's own backups.
func (m *Manager) BackupDir() string { return m.backups }

// OwnBackups lists the runtime's backups in that directory, the newest first.
func (m *Manager) OwnBackups() ([]data.OwnBackup, error) {
	return data.OwnBackups(m.backups, m.Profile())
}

// BackupOwn is [Manager.Backup] to a new file in that directory, which is kept until
// somebody removes it.
func (m *Manager) BackupOwn(ctx context.Context, progress func(data.Progress)) (data.Backup, error) {
	return m.Backup(ctx, data.BackupOptions{File: data.NewBackupFile(m.backups, m.Profile()), Progress: progress})
}

// data returns the store of the runtime's data; progress can be nil.
func (m *Manager) data(progress func(data.Progress)) *data.Store {
	store := data.New(data.Options{
		Engine: m.engine(), Info: m.link.Info, Profile: m.Profile(), Spec: specOf(m.Profile(), Server{}, m.link.Info()), Dir: m.backups,
		Log: m.log, Progress: progress, LockPatience: m.lockPatience,
		AskRoot: func(ctx context.Context, c engine.Container) string {
			files, err := jupyter.InfoFiles(ctx, m.engine(), c)
			if err != nil {
				m.log.Debug("info files", "error", err)
			}
			return jupyter.ServerRoot(files)
		},
	})
	if s := m.Snapshot(); s.root != "" {
		store.SetRoot(s.Container, s.root)
	}
	return store
}

// Delete stops the runtime and deletes its container and, if o asks for it, its data.
// Before it deletes data it makes a backup; if the backup fails, it deletes nothing.
// The error is a *[problem.Problem]. If ctx ends first, Delete deletes nothing and
// returns ctx's error.
func (m *Manager) Delete(ctx context.Context, o data.DeleteOptions) (data.DeleteResult, error) {
	d := m.data(o.Progress)
	release, err := d.Lock(ctx)
	if err != nil {
		return data.DeleteResult{}, err
	}
	defer release()
	var deleted data.DeleteResult
	err = m.runExclusive(ctx, remove, func(ctx context.Context, op *operation) error {
		op.data = d // the operation notes the server's root directory in it before it stops the server
		var err error
		deleted, err = d.Delete(ctx, op, o)
		return err
	})
	return deleted, err
}

// DataBusy reports whether this or another program works on the data, such as for a restore.
func (m *Manager) DataBusy() bool { return m.data(nil).IsBusy() }

// DataSize returns the size of the data volume in bytes, negative if the engine does
// not know the size. It returns false if there is no volume.
func (m *Manager) DataSize(ctx context.Context) (size int64, exists bool, err error) {
	d := m.data(nil)
	exists, err = d.HasVolume(ctx)
	if err == nil && exists {
		size, err = d.Size(ctx)
	}
	if err != nil {
		return 0, false, engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	return size, exists, nil
}

// PlanDelete returns what [Manager.Delete] would delete. It changes nothing.
func (m *Manager) PlanDelete(ctx context.Context) (plan data.DeletePlan, err error) {
	d := m.data(nil)
	c, err := d.Engine.Inspect(ctx, m.runtime)
	if err == nil {
		plan.Volume, err = d.HasVolume(ctx)
	}
	if err == nil {
		plan.Container, plan.Running, plan.Ours = c.Exists, c.Running, c.Ours()
		for _, mount := range c.Mounts {
			if v := mount.Volume; v != "" && mount.IsPersistent() && v != d.Profile.Volume() && !slices.Contains(plan.Others, v) {
				plan.Others = append(plan.Others, v)
			}
		}
		plan.Lost, err = d.CountLosses(ctx, c)
	}
	if err != nil {
		return data.DeletePlan{}, d.Problem(ctx, err)
	}
	return plan, nil
}

// Restore replaces the data by the content of a backup. It verifies the whole backup
// before it changes anything. It stops the runtime, and starts it again if it ran.
// If there is no runtime, it creates only the volume. The error is a
// *[problem.Problem]. If ctx ends first, the data stays the old data and the error
// is ctx's error.
func (m *Manager) Restore(ctx context.Context, o data.RestoreOptions) (r data.RestoreResult, err error) {
	d := m.data(o.Progress)
	var declined error // the answer of o.Confirm other than yes; the caller gets it unchanged
	defer func() {
		if declined == nil {
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
	release, err := d.Lock(ctx)
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
		if yes, declined = o.Confirm(ctx, r.From); declined == nil && !yes {
			declined = data.DeclinedProblem()
		}
		if declined != nil {
			return r, declined
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
