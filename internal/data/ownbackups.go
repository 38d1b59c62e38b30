package data

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
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
	own        = regexp.MustCompile(`^(` + ownName + `)-(\d{8}T\d{6}\.\d{3}Z)(\.kept)?\.tar\.zst$`)
	unfinished = regexp.MustCompile(`^\.(` + ownName + `)-\d{8}T\d{6}\.\d{3}Z(?:\.kept)?\.tar\.zst\.(` + ownName + `)\.part$`)
)

// ownName matches what nameOf returns.
const ownName = `[a-zA-Z0-9][a-zA-Z0-9_.-]*(?:@[0-9a-f]{16})?`

// nameOf returns what the files of a profile's runtime are called by: its name, and what
// stands for its engine unless that is the one of this computer. Runtimes of several
// engines can have one name, and that of a runtime never has an "@".
func nameOf(p config.Profile) string {
	if p.Engine == "" {
		return p.Runtime
	}
	engine := sha256.Sum256([]byte(p.Engine))
	return fmt.Sprintf("%s@%x", p.Runtime, engine[:8])
}

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

	name string // see nameOf
}

// maxOwn is how many own backups are listed.
const maxOwn = 200

// OwnBackups lists the own backups of a profile's runtime, the newest first.
func OwnBackups(dir string, p config.Profile) ([]OwnBackup, error) {
	all, err := ownBackups(dir)
	name := nameOf(p)
	all = slices.DeleteFunc(all, func(b OwnBackup) bool { return b.name != name })
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

// NewBackupFile returns a name in the directory of own backups for a backup of a
// profile's runtime that is kept.
func NewBackupFile(dir string, p config.Profile) string { return newFile(dir, p, keptEnd) }

// newFile returns a name in the directory of own backups that no file has.
func newFile(dir string, p config.Profile, end string) string {
	for at := time.Now().UTC(); ; at = at.Add(time.Millisecond) {
		file := filepath.Join(dir, nameOf(p)+"-"+at.Format(backupTime)+end)
		if _, err := os.Lstat(file); err != nil {
			return file
		}
	}
}

// newestBackup returns the newest automatic backup of the runtime.
func (d *Store) newestBackup() (string, error) {
	all, err := OwnBackups(d.Dir, d.Profile)
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

// HasBackup reports whether there is an automatic backup of a profile's runtime.
func HasBackup(dir string, p config.Profile) bool {
	d := Store{Options: Options{Dir: dir, Profile: p}}
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
	name := nameOf(d.Profile)
	for _, e := range entries {
		match := unfinished.FindStringSubmatch(e.Name())
		if match != nil && match[1] == name && match[2] == name {
			_ = os.Remove(filepath.Join(d.Dir, e.Name()))
		}
	}
}
