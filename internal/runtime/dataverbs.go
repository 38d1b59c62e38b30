package runtime

import (
	"context"
	"slices"

	"colabtray/internal/words"
)

// Backup writes the data of the runtime to a file, also while it runs. The file
// is read back before it gets its name. It returns a *[Problem] when it fails,
// and ctx's error when that ends first.
func (m *Manager) Backup(ctx context.Context, o BackupOptions) (Backup, error) {
	if err := m.reachable(ctx); err != nil {
		return Backup{}, err
	}
	d := m.data(o.Progress)
	if !d.Info().Features.Data {
		return Backup{}, d.problem(ctx, ErrLacks)
	}
	release, err := d.claim()
	if err != nil {
		return Backup{}, err
	}
	defer release()
	b, err := d.backupFile(ctx, o)
	return b, d.problem(ctx, err)
}

// data makes what works on the runtime's data; progress can be nil.
func (m *Manager) data(progress func(DataProgress)) *data {
	d := newData(dataOptions{
		Engine: m.engine(), Info: m.link.Info, Profile: m.Profile(), Spec: specOf(m.Profile(), Server{}), Dir: m.backups,
		Log: m.log, Progress: progress,
		AskRoot: func(ctx context.Context, c Container) string {
			files, err := infoFiles(ctx, m.engine(), c)
			if err != nil {
				m.log.Debug("info files", "error", err)
			}
			return rootIn(files)
		},
	})
	if s := m.Snapshot(); s.root != "" {
		d.setRoot(s.Container, s.root)
	}
	return d
}

// supersededProblem tells that a job was not begun.
func supersededProblem() *Problem {
	return &Problem{
		Code:  CodeCancelled,
		Short: words.Say("problem.superseded"),
		Hint:  words.Say("problem.supersededHint"),
	}
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
		op.data = d // which learns what the server shows before it is stopped
		var err error
		deleted, err = d.delete(ctx, op, o)
		return err
	})
	return deleted, err
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
		return 0, false, operationProblem(m.Profile(), m.link.Info(), err)
	}
	return size, there, nil
}

// WhatGoes looks what deleting the runtime would take away.
func (m *Manager) WhatGoes(ctx context.Context) (g Goes, err error) {
	d := m.data(nil)
	c, err := d.Engine.Inspect(ctx, m.runtime)
	if err == nil {
		g.Volume, err = d.hasVolume(ctx)
	}
	if err == nil {
		g.Container, g.Running, g.Ours = c.Exists, c.Running, c.ours()
		for _, mount := range c.Mounts {
			if v := mount.Volume; v != "" && mount.lasts() && v != d.Profile.Volume() && !slices.Contains(g.Others, v) {
				g.Others = append(g.Others, v)
			}
		}
		g.Lost, err = d.lost(ctx, c)
	}
	if err != nil {
		return Goes{}, d.problem(ctx, err)
	}
	return g, nil
}

// Restore puts the content of a backup in the place of the data. The backup is
// read as a whole before anything is changed. The runtime is stopped for it, and
// started again if it ran; where there is none, only the volume is made. It
// returns a *[Problem] when it fails, and ctx's error when that ends first; then
// the data are the old ones.
func (m *Manager) Restore(ctx context.Context, o RestoreOptions) (r Restored, err error) {
	d := m.data(o.Progress)
	var answer error // what the answer was, if it was no yes; it is for who asked
	defer func() {
		if answer == nil {
			err = d.problem(ctx, err)
		}
	}()
	if err := m.reachable(ctx); err != nil {
		return r, err
	}
	if !d.Info().Features.Data {
		return r, ErrLacks
	}
	f, err := d.open(o.File)
	if err != nil {
		return r, err
	}
	defer f.Close()
	if r.From, err = d.check(ctx, f, o.Large); err != nil {
		return r, err
	}
	release, err := d.claim()
	if err != nil {
		return r, err
	}
	defer release()
	if err := d.tidy(ctx); err != nil {
		return r, err
	}
	full, err := d.holdsSomething(ctx)
	if err != nil {
		return r, err
	}
	if full {
		if o.Confirm == nil {
			return r, notEmptyProblem(d.Profile)
		}
		var yes bool
		if yes, answer = o.Confirm(ctx, r.From); answer == nil && !yes {
			answer = declinedProblem()
		}
		if answer != nil {
			return r, answer
		}
	}
	ran := false
	err = m.perform(ctx, restore, func(ctx context.Context, op *operation) error {
		d.pullWith(op.provideImage)
		var err error
		r.Backup, err = d.restore(ctx, op, f, r.From, full && !o.NoBackup, &ran)
		return err
	})
	if ran && ctx.Err() == nil {
		d.begin(StepStart)
		started := m.Start(ctx)
		r.Started = started == nil
		if err == nil {
			err = started
		}
	}
	return r, err
}
