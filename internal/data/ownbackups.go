package data

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"colabtray/internal/config"
)

// BackupDir returns the default directory of this program's own backups: those that a
// person asks for without naming a file, and automatic ones, which are made before data
// are deleted or replaced.
func BackupDir() string { return filepath.Join(config.StateDir(), "backups") }

// BackupDays is how many days an automatic backup is kept.
const BackupDays = 7

const backupAge = BackupDays * 24 * time.Hour

const (
	backupTime = "20060102T150405.000Z"
	backupEnd  = ".tar.zst"
	keptEnd    = ".kept" + backupEnd // of a backup that is not removed
)

// own matches the name of an own backup, and unfinished that of one that was interrupted.
var (
	own        = regexp.MustCompile(`^([a-zA-Z0-9][a-zA-Z0-9_.-]*)-(\d{8}T\d{6}\.\d{3}Z)(\.kept)?\.tar\.zst$`)
	unfinished = regexp.MustCompile(`^\.([a-zA-Z0-9][a-zA-Z0-9_.-]*)-\d{8}T\d{6}\.\d{3}Z(?:\.kept)?\.tar\.zst\.([a-zA-Z0-9_.-]+)\.part$`)
)

// OwnBackup is a backup in the directory of own backups.
type OwnBackup struct {
	File string
	// Made is when it was made, by its name.
	Made time.Time
	// Size is the size of the file in bytes.
	Size int64
	// Kept tells that it is kept until somebody removes it, because a person asked for
	// it; an automatic one is kept for [BackupDays].
	Kept bool

	runtime string
}

// maxOwn is how many own backups are listed.
const maxOwn = 200

// OwnBackups lists the own backups of a runtime, the newest first.
func OwnBackups(dir, runtime string) ([]OwnBackup, error) {
	all, err := ownBackups(dir)
	all = slices.DeleteFunc(all, func(b OwnBackup) bool { return b.runtime != runtime })
	return all[:min(len(all), maxOwn)], err
}

// ownBackups lists the own backups of all runtimes, the newest first.
func ownBackups(dir string) ([]OwnBackup, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var all []OwnBackup
	for _, e := range entries {
		match := own.FindStringSubmatch(e.Name())
		if match == nil || !e.Type().IsRegular() {
			continue
		}
		made, bad := time.Parse(backupTime, match[2])
		info, gone := e.Info()
		if bad == nil && gone == nil {
			all = append(all, OwnBackup{filepath.Join(dir, e.Name()), made, info.Size(), match[3] != "", match[1]})
		}
	}
	slices.SortFunc(all, func(a, b OwnBackup) int { return cmp.Or(b.Made.Compare(a.Made), cmp.Compare(b.File, a.File)) })
	return all, err
}

// NewBackupFile returns a name in the directory of own backups for a backup that is kept.
func NewBackupFile(dir, runtime string) string { return newFile(dir, runtime, keptEnd) }

// newFile returns a name in the directory of own backups that no file has.
func newFile(dir, runtime, end string) string {
	for at := time.Now().UTC(); ; at = at.Add(time.Millisecond) {
		file := filepath.Join(dir, runtime+"-"+at.Format(backupTime)+end)
		if _, err := os.Lstat(file); err != nil {
			return file
		}
	}
}

// newestBackup returns the newest automatic backup of the runtime.
func (d *Store) newestBackup() (string, error) {
	all, err := OwnBackups(d.Dir, d.Profile.Runtime)
	if err != nil {
		return "", backupDirProblem(d.Dir, err)
	}
	for _, b := range all {
		if !b.Kept {
			return b.File, nil
		}
	}
	return "", noBackupProblem(d.Profile, d.Dir)
}

// HasBackup reports whether there is an automatic backup of a runtime.
func HasBackup(dir, runtime string) bool {
	d := Store{Options: Options{Dir: dir, Profile: config.Profile{Runtime: runtime}}}
	_, err := d.newestBackup()
	return err == nil
}

// PruneBackups removes automatic backups that are older than a week by the time in
// their names. It touches no other files.
func PruneBackups(dir string, now time.Time) error {
	all, err := ownBackups(dir)
	for _, b := range all {
		if !b.Kept && now.Sub(b.Made) > backupAge {
			err = errors.Join(err, os.Remove(b.File))
		}
	}
	return err
}

// removeParts removes unfinished own backups of this runtime. The caller must hold the
// lock.
func (d *Store) removeParts() {
	entries, _ := os.ReadDir(d.Dir)
	for _, e := range entries {
		match := unfinished.FindStringSubmatch(e.Name())
		if match != nil && match[1] == d.Profile.Runtime && match[2] == d.Profile.Runtime {
			_ = os.Remove(filepath.Join(d.Dir, e.Name()))
		}
	}
}
