package data

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// BackupOptions tell where a backup goes.
type BackupOptions struct {
	// File is written; it is there as a whole or not at all.
	File string
	// Force replaces a file that is there.
	Force bool
	// Progress is told how far it is; it can be nil.
	Progress func(Progress)
}

// Backup is a backup that was made.
type Backup struct {
	backup.Contents
	backup.Omitted
	File string
	// Ephemeral are the directories of the container of which files are in it that
	// lie in no volume with a name.
	Ephemeral []string
}

func (d *Store) BackupFile(ctx context.Context, o BackupOptions) (Backup, error) {
	if err := writable(o.File, o.Force); err != nil {
		return Backup{}, err
	}
	if err := d.RecoverInterrupted(ctx); err != nil {
		return Backup{}, err
	}
	there, err := d.HasVolume(ctx)
	if err != nil {
		return Backup{}, err
	}
	c, err := d.Engine.Inspect(ctx, d.Profile.Runtime)
	if err != nil {
		return Backup{}, err
	}
	found, err := d.findEphemeral(ctx, c)
	if err == nil && !there && found.isEmpty() {
		err = noDataProblem(d.Profile)
	}
	if err != nil {
		return Backup{}, err
	}
	return d.backup(ctx, o.File, o.Force, contents{there, found})
}

// contents is what goes into a backup.
type contents struct {
	volume    bool
	ephemeral *ephemeral // of it; can be nil
}

// Problem makes a problem of an error, unless ctx has ended.
func (d *Store) Problem(ctx context.Context, err error) error {
	var p *problem.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return engine.OperationProblem(d.Profile, d.Info(), err)
}

// writable makes sure that a file can be written: it is not there, or may be
// replaced and is an ordinary one.
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

// backup writes what there is to a file. Who calls it has the claim.
func (d *Store) backup(ctx context.Context, file string, replace bool, what contents) (b Backup, err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return b, fileProblem(file, err)
	}
	temp := partOf(file, d.Profile)
	_ = os.Remove(temp) // of a program that was killed: the claim is ours
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return b, fileProblem(file, err)
	}
	// The helper goes last: as long as it is there, the next start looks for an
	// unfinished file, too.
	defer func() { err = errors.Join(err, d.removeHelpers(ctx)) }()
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
	if err := f.Close(); err != nil {
		return b, fileProblem(file, err)
	}
	b.File = file
	return b, rename(temp, file, replace)
}

// partOf returns the name under which a file is written. It is always the same
// one, so that what was not finished is found again.
func partOf(file string, p config.Profile) string {
	return filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+"."+p.Runtime+".part")
}

// fill writes what there is to f, once more when the data change meanwhile. Each try
// has a helper of its own: Podman may not be done yet with one that was broken
// off, and does not let it be read again then.
func (d *Store) fill(ctx context.Context, f *os.File, what contents) (b Backup, err error) {
	const tries = 4
	for range tries {
		b, err = d.fillOnce(ctx, f, what)
		if !errors.Is(err, engine.ErrChanged) && !errors.Is(err, backup.ErrChanged) || ctx.Err() != nil {
			return b, err
		}
		d.Log.Info("the data changed while they were read", "error", err)
		if err := d.removeHelpers(ctx); err != nil {
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
	tell := d.progressFor(StepBackup)
	from := backup.Source{
		Root: d.Profile.Kind.DataDir(), Runtime: d.Profile.Runtime, Made: time.Now(),
		Progress: func(n int64) { tell(n, 0) },
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
		err = onDisk(f.Name(), f.Sync())
	}
	return b, err
}

// diskWriter tells errors of the file from those of the engine.
type diskWriter struct{ f *os.File }

func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	return n, onDisk(w.f.Name(), err)
}

func onDisk(file string, err error) error {
	if err == nil {
		return nil
	}
	return fileProblem(file, err)
}

// verify reads the file back.
func (d *Store) verify(ctx context.Context, f *os.File, want backup.Contents) error {
	got, err := backup.Check(stopping{ctx, f}, want.Size, backup.CheckOptions{Large: true, Progress: d.progressFor(StepVerify)})
	if err == nil && got != want {
		err = errors.New(i18n.T("problem.notWritten"))
	}
	if err != nil && ctx.Err() == nil {
		return unverifiedProblem(err)
	}
	return err
}

// stopping fails to read once ctx has ended.
type stopping struct {
	ctx context.Context
	f   io.ReaderAt
}

func (s stopping) ReadAt(p []byte, at int64) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.f.ReadAt(p, at)
}

// progressFor returns a function that tells how far a step is, now and then.
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

// rename gives a file that is complete its name. Where the file system has hard
// links, no file that came there meanwhile is replaced.
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

// BackupDir returns the usual directory of the backups that are made before
// data go.
func BackupDir() string { return filepath.Join(config.StateDir(), "backups") }

// backupAge is how long such a backup is kept.
const backupAge = 7 * 24 * time.Hour

const (
	backupTime = "20060102T150405.000Z"
	backupEnd  = ".tar.zst"
)

// automatic is the pattern of their names, and of what is left of one that was
// not finished.
var (
	automatic  = regexp.MustCompile(`^([a-zA-Z0-9][a-zA-Z0-9_.-]*)-(\d{8}T\d{6}\.\d{3}Z)\.tar\.zst$`)
	unfinished = regexp.MustCompile(`^\.([a-zA-Z0-9][a-zA-Z0-9_.-]*)-\d{8}T\d{6}\.\d{3}Z\.tar\.zst\.([a-zA-Z0-9_.-]+)\.part$`)
)

// removeParts removes what is left in the directory of backups of this runtime
// that were not finished. Who calls it has the claim.
func (d *Store) removeParts() {
	entries, _ := os.ReadDir(d.Dir)
	for _, e := range entries {
		match := unfinished.FindStringSubmatch(e.Name())
		if match != nil && match[1] == d.Profile.Runtime && match[2] == d.Profile.Runtime {
			_ = os.Remove(filepath.Join(d.Dir, e.Name()))
		}
	}
}

// backupByItself makes a backup in the directory for those that nobody asked for
// by name, and removes old ones.
func (d *Store) backupByItself(ctx context.Context, what contents) (file string, err error) {
	for at := time.Now().UTC(); ; at = at.Add(time.Millisecond) {
		file = filepath.Join(d.Dir, d.Profile.Runtime+"-"+at.Format(backupTime)+backupEnd)
		if _, err := os.Lstat(file); err != nil {
			break
		}
	}
	if _, err := d.backup(ctx, file, false, what); err != nil {
		return "", err
	}
	if err := PruneBackups(d.Dir, time.Now()); err != nil {
		d.Log.Warn("old backups could not be removed", "error", err)
	}
	return file, nil
}

// newestBackup returns the newest backup of the runtime in the directory.
func (d *Store) newestBackup() (string, error) {
	entries, err := os.ReadDir(d.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", backupDirProblem(d.Dir, err)
	}
	var names []string
	for _, e := range entries {
		if match := automatic.FindStringSubmatch(e.Name()); match != nil && match[1] == d.Profile.Runtime && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return "", noBackupProblem(d.Profile, d.Dir)
	}
	return filepath.Join(d.Dir, slices.Max(names)), nil
}

// PruneBackups removes the backups in the directory that are older than a week,
// as their names have it. It touches no other files.
func PruneBackups(dir string, now time.Time) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		match := automatic.FindStringSubmatch(e.Name())
		if match == nil || !e.Type().IsRegular() {
			continue
		}
		if made, bad := time.Parse(backupTime, match[2]); bad == nil && now.Sub(made) > backupAge {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
