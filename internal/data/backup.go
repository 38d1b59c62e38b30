package data

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// BackupOptions tell where to write a backup.
type BackupOptions struct {
	// File is the file to write. It exists only once it is complete.
	File string
	// Force replaces an existing file.
	Force bool
	// Progress is called with the progress of the work; it can be nil.
	Progress func(Progress)
}

// Backup describes a backup file.
type Backup struct {
	backup.Contents
	backup.Omitted
	File string
	// Ephemeral are the directories of the container from which the backup has files
	// that are in no named volume.
	Ephemeral []string
}

// BackupFile writes a backup of the data to a file and verifies it. Files that only the
// container has are part of the backup. The caller must hold the lock, and have recovered
// from interrupted work; others can read at the same time.
func (d *Store) BackupFile(ctx context.Context, o BackupOptions) (Backup, error) {
	if err := writable(o.File, o.Force); err != nil {
		return Backup{}, err
	}
	hasVolume, err := d.HasVolume(ctx)
	if err != nil {
		return Backup{}, err
	}
	c, err := d.Engine.Inspect(ctx, d.Profile.Runtime)
	if err != nil {
		return Backup{}, err
	}
	found, err := d.findEphemeral(ctx, c)
	if err == nil && !hasVolume && found.isEmpty() {
		err = noDataProblem(d.Profile)
	}
	if err != nil {
		return Backup{}, err
	}
	return d.backup(ctx, o.File, o.Force, contents{hasVolume, found})
}

// contents tells what goes into a backup.
type contents struct {
	volume    bool
	ephemeral *ephemeral // can be nil
}

// writable returns an error unless file can be written: it must not exist, or replace
// must be true and it must be a regular file.
func writable(file string, replace bool) error {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		info, err := os.Stat(filepath.Dir(file))
		if err == nil && !info.IsDir() {
			err = errors.New(i18n.T("problem.notADirectory", "path", filepath.Dir(file)))
		}
		if err != nil {
			return fileProblem(file, err)
		}
		return nil
	case err != nil:
		return fileProblem(file, err)
	case !info.Mode().IsRegular():
		return fileProblem(file, errors.New(i18n.T("problem.somethingElse")))
	case !replace:
		return fileExistsProblem(file)
	}
	return nil
}

// backup writes the contents to a file and verifies it. The caller must hold the lock.
func (d *Store) backup(ctx context.Context, file string, replace bool, what contents) (b Backup, err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return b, fileProblem(file, err)
	}
	temp := partName(file, d.Profile)
	_ = os.Remove(temp) // left by a program that was killed, because the lock is held
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return b, fileProblem(file, err)
	}
	// The helper is removed last: as long as it exists, the next start also looks for
	// an unfinished file.
	defer func() { err = errors.Join(err, d.removeMade(ctx)) }()
	defer func() {
		_ = f.Close()
		_ = os.Remove(temp)
	}()
	b, err = d.fill(ctx, f, what)
	if err != nil {
		return b, err
	}
	if !what.volume && b.Omitted.Extra == 0 {
		return b, noDataProblem(d.Profile)
	}
	if err := d.verify(ctx, f, b.Contents); err != nil {
		return b, err
	}
	if err := ctx.Err(); err != nil { // what is verified is read ahead, so that its end may not have been seen
		return b, err
	}
	if err := f.Close(); err != nil {
		return b, fileProblem(file, err)
	}
	b.File = file
	return b, rename(temp, file, replace)
}

// partName returns the name under which a file is written until it is complete. It is
// always the same, so that an unfinished file is found again.
func partName(file string, p config.Profile) string {
	return filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+"."+nameOf(p)+".part")
}

// fill writes the contents to f, and repeats that when the data change meanwhile. Each
// attempt uses a new helper, because Podman may still be busy with an interrupted
// helper, and then does not let it be read again.
func (d *Store) fill(ctx context.Context, f *os.File, what contents) (b Backup, err error) {
	const attempts = 4
	for range attempts {
		b, err = d.fillOnce(ctx, f, what)
		if !errors.Is(err, engine.ErrChanged) && !errors.Is(err, backup.ErrChanged) || ctx.Err() != nil {
			return b, err
		}
		d.Log.Info("the data changed while being read", "error", err)
		if err := d.removeMade(ctx); err != nil {
			return b, err
		}
	}
	return b, changingProblem(d.Profile, err)
}

func (d *Store) fillOnce(ctx context.Context, f *os.File, what contents) (b Backup, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return b, fileProblem(f.Name(), err)
	}
	if err := f.Truncate(0); err != nil {
		return b, fileProblem(f.Name(), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	report := d.progressFor(StepBackup)
	from := backup.Source{
		Root: d.Profile.Kind.DataDir(), Runtime: d.Profile.Runtime, Made: time.Now(),
		Progress: func(n int64) { report(n, 0) },
	}
	if what.volume {
		helper, err := d.reader(ctx)
		if err != nil {
			return b, err
		}
		archive, err := d.read(ctx, helper)
		if err != nil {
			return b, err
		}
		defer archive.Close()
		from.Archive = archive
	}
	if what.ephemeral != nil && !what.ephemeral.isEmpty() || !what.volume {
		from.Extra = what.ephemeral.asBackupPart(ctx, recoveredDir(from.Made))
	}
	b.Contents, b.Omitted, err = backup.Write(&diskWriter{f}, from)
	if from.Extra != nil && b.Omitted.Extra > 0 {
		b.Ephemeral = what.ephemeral.directories()
	}
	if err == nil {
		err = fileError(f.Name(), f.Sync())
	}
	return b, err
}

// diskWriter marks errors of writing the file, to tell them from errors of the engine.
type diskWriter struct{ f *os.File }

func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	return n, fileError(w.f.Name(), err)
}

// fileError makes a problem of an error of a backup's file; nil stays nil.
func fileError(file string, err error) error {
	if err == nil {
		return nil
	}
	return fileProblem(file, err)
}

// verify reads the whole file back and compares it with what was written.
func (d *Store) verify(ctx context.Context, f *os.File, want backup.Contents) error {
	got, err := backup.Check(contextReader{ctx, f}, want.Size, backup.CheckOptions{Large: true, Progress: d.progressFor(StepVerify)})
	if err == nil && got != want {
		err = errors.New(i18n.T("problem.notWritten"))
	}
	if err != nil && ctx.Err() == nil {
		return unverifiedProblem(err)
	}
	return err
}

// contextReader returns the error of its context once that has ended.
type contextReader struct {
	ctx context.Context
	f   io.ReaderAt
}

func (r contextReader) ReadAt(p []byte, offset int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.f.ReadAt(p, offset)
}

// progressFor returns a function that reports the progress of a step, once per MiB and
// at its end.
func (d *Store) progressFor(step Step) func(bytes, total int64) {
	const every = 1 << 20
	next := int64(0)
	return func(bytes, total int64) {
		if bytes >= next || bytes == total {
			next = bytes + every
			d.Progress(Progress{Step: step, Bytes: bytes, Total: total})
		}
	}
}

// rename gives a complete file its final name. Where the file system has hard links, it
// never replaces a file that was created meanwhile.
func rename(temp, file string, replace bool) error {
	if !replace {
		err := os.Link(temp, file)
		switch {
		case err == nil:
			return syncDir(file)
		case errors.Is(err, fs.ErrExist):
			return fileExistsProblem(file)
		}
		if err := writable(file, false); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, file); err != nil {
		return fileProblem(file, err)
	}
	return syncDir(file)
}

// backupAutomatically makes a backup in the directory of own backups, and removes old
// automatic ones there.
func (d *Store) backupAutomatically(ctx context.Context, what contents) (file string, err error) {
	file = newFile(d.Dir, d.Profile, backupEnd)
	_, err = d.backup(ctx, file, false, what)
	if err = errors.Join(err, d.removeHelpers(ctx)); err != nil {
		return "", err
	}
	if err := PruneBackups(d.Dir, time.Now()); err != nil {
		d.Log.Warn("old backups could not be removed", "error", err)
	}
	return file, nil
}
