package runtime

import (
	"context"
	"os"
	"path/filepath"

	"colabtray/internal/data"
	"colabtray/internal/engine"
)

// CopyIn copies a file or folder of this computer into the runtime's volume, and
// CopyOut copies one out of it. The runtime can run meanwhile. The error is a
// *[problem.Problem], or ctx's error if ctx ends first; nothing was copied then.
func (m *Manager) CopyIn(ctx context.Context, o data.CopyOptions) (c data.Copied, err error) {
	err = m.changeFiles(ctx, o.Progress, func(d *data.Store) error {
		c, err = d.CopyIn(ctx, o)
		return err
	})
	return c, err
}

// CopyOut is described at [Manager.CopyIn].
func (m *Manager) CopyOut(ctx context.Context, o data.CopyOptions) (c data.Copied, err error) {
	err = m.readFiles(ctx, o.Progress, func(d *data.Store) error {
		c, err = d.CopyOut(ctx, o)
		return err
	})
	return c, err
}

// PutFiles copies files into a folder of the runtime's volume; total is their size.
func (m *Manager) PutFiles(ctx context.Context, folder string, total int64, files data.Each) (c data.Copied, err error) {
	err = m.changeFiles(ctx, nil, func(d *data.Store) error {
		c, err = d.Put(ctx, folder, total, files)
		return err
	})
	return c, err
}

// ListFiles lists a folder of the runtime's volume.
func (m *Manager) ListFiles(ctx context.Context, folder string) (l data.Listing, err error) {
	err = m.readFiles(ctx, nil, func(d *data.Store) error {
		l, err = d.List(ctx, folder)
		return err
	})
	return l, err
}

// DataUsage tells what takes the room in the runtime's volume.
func (m *Manager) DataUsage(ctx context.Context) (u data.Usage, err error) {
	err = m.readFiles(ctx, nil, func(d *data.Store) error {
		u, err = d.Usage(ctx)
		return err
	})
	return u, err
}

// ReadFile opens a file or folder of the runtime's volume while read runs.
func (m *Manager) ReadFile(ctx context.Context, name string, read func(data.Opened) error) error {
	return m.readFiles(ctx, nil, func(d *data.Store) error {
		opened, err := d.OpenPath(ctx, name)
		if err != nil {
			return err
		}
		return read(opened)
	})
}

// DataFolder returns the directory of this computer that has the runtime's volume, if
// the person can read it. That is so with an engine of the person's own on this computer,
// and not with one in a virtual machine.
func (m *Manager) DataFolder(ctx context.Context) (dir string, can bool) {
	info := m.link.Info()
	points, has := engine.As[engine.Mountpoints](m.engine())
	if !has || !info.Local || info.Kind.Desktop {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	dir, err := points.Mountpoint(ctx, m.Profile().Volume())
	if err != nil || !filepath.IsAbs(dir) {
		return "", false
	}
	_, err = os.ReadDir(dir)
	return dir, err == nil
}

// changeFiles runs work that changes files of the volume, once no other work on them is
// in progress.
func (m *Manager) changeFiles(ctx context.Context, progress func(data.Progress), work func(*data.Store) error) error {
	return m.withFiles(ctx, progress, func(d *data.Store) error {
		release, err := d.Lock(ctx)
		if err != nil {
			return err
		}
		defer release()
		return work(d)
	})
}

// readFiles runs work that reads files of the volume. Several can read at a time.
func (m *Manager) readFiles(ctx context.Context, progress func(data.Progress), work func(*data.Store) error) error {
	return m.withFiles(ctx, progress, func(d *data.Store) error {
		return m.reading(ctx, d, func() error { return work(d) })
	})
}

// reading runs work that only reads. It removes what work that failed can have left behind,
// once nobody reads any more.
func (m *Manager) reading(ctx context.Context, d *data.Store, work func() error) error {
	release, err := d.Share(ctx)
	if err != nil {
		return err
	}
	err = work()
	release()
	if err == nil {
		return nil
	}
	if err := d.RecoverUnlessBusy(context.WithoutCancel(ctx)); err != nil {
		d.Log.Warn("what a reader left behind", "error", err)
	}
	return err
}

func (m *Manager) withFiles(ctx context.Context, progress func(data.Progress), work func(*data.Store) error) error {
	if err := m.reachable(ctx); err != nil {
		return err
	}
	d := m.data(progress)
	if !d.Info().Features.Data {
		return d.Problem(ctx, engine.ErrLacks)
	}
	return d.Problem(ctx, work(d))
}
