package data

import (
	"archive/tar"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/problem"
)

// TestVerify: Verify refuses a valid backup that is not the one that was written.
func TestVerify(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source := backup.Source{Runtime: "r", Made: time.Unix(1e9, 0), Root: "/home/jovyan", Extra: &backup.Extra{
		Each: func(func(*tar.Header, io.Reader) error) error { return nil },
	}}
	written, _, err := backup.Write(f, source)
	if err != nil {
		t.Fatal(err)
	}
	source.Runtime = "s"
	other, _, err := backup.Write(io.Discard, source)
	if err != nil || other.Size != written.Size {
		t.Fatalf("another backup is as long: %d and %d, %v", other.Size, written.Size, err)
	}
	d := &Store{Options: Options{Progress: func(Progress) {}}}
	if err := d.verify(t.Context(), f, written); err != nil {
		t.Errorf("what was written is refused: %v", err)
	}
	var p *problem.Problem
	if err := d.verify(t.Context(), f, other); !errors.As(err, &p) || p.Code != problem.BackupFailed {
		t.Errorf("another backup: %v", err)
	}
}

// TestOwnBackups: backups of other runtimes in the same directory, also of one with the
// same name on another engine, are neither restored nor removed.
func TestOwnBackups(t *testing.T) {
	t.Parallel()
	const early, late, kept = "-20260101T000000.000Z.tar.zst", "-20260102T000000.000Z.tar.zst", "-20260102T000000.000Z.kept.tar.zst"
	box := config.Profile{Runtime: "r", Engine: "ssh://box"}
	there := nameOf(box)
	stays := map[string]bool{
		there + late: true,
		"." + there + late + "." + there + ".part": true,
		"." + there + late + ".r.part":             true,
		"r" + early:                                true,
		"r-2" + late:                               true,
		"z" + late:                                 true,
		"r" + kept:                                 true,
		".r" + early + ".r.part":                   false,
		".r" + kept + ".r.part":                    false,
		".r" + early + ".r-2.part":                 true,
		".r-2" + early + ".r.part":                 true,
		".r-2" + early + ".r-2.part":               true,
	}
	d := &Store{Options: Options{Dir: t.TempDir(), Profile: config.Profile{Runtime: "r"}, Log: slog.New(slog.DiscardHandler)}}
	for name := range stays {
		if err := os.WriteFile(filepath.Join(d.Dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if newest, err := d.newestBackup(); err != nil || filepath.Base(newest) != "r"+early {
		t.Errorf("the newest backup is %q, %v", newest, err)
	}
	all, err := OwnBackups(d.Dir, d.Profile)
	if err != nil || len(all) != 2 || filepath.Base(all[0].File) != "r"+kept || !all[0].Kept || filepath.Base(all[1].File) != "r"+early || all[1].Kept {
		t.Errorf("the own backups are %v, %v", all, err)
	}
	all, err = OwnBackups(d.Dir, box)
	if err != nil || len(all) != 1 || filepath.Base(all[0].File) != there+late || HasBackup(d.Dir, config.Profile{Runtime: "r", Engine: "ssh://another"}) {
		t.Errorf("the own backups of the other engine's are %v, %v", all, err)
	}
	for _, p := range []config.Profile{d.Profile, box} {
		if match := own.FindStringSubmatch(filepath.Base(NewBackupFile(d.Dir, p))); match == nil || match[1] != nameOf(p) || match[3] != ".kept" {
			t.Errorf("a new backup is %q", match)
		}
	}
	d.removeParts()
	for name, stays := range stays {
		if _, err := os.Lstat(filepath.Join(d.Dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.Profile.Runtime = "x"
	var p *problem.Problem
	if newest, err := d.newestBackup(); !errors.As(err, &p) || p.Code != problem.NoBackup {
		t.Errorf("a runtime without backups gets %q, %v", newest, err)
	}
}

func TestPruneBackups(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	files := map[string]bool{ // the value tells whether the file stays
		"r-20260512T120000.000Z.tar.zst":                       false,
		"a-b.c-20200101T000000.000Z.tar.zst":                   false,
		"r@0123456789abcdef-20200101T000000.000Z.tar.zst":      false,
		"r@0123456789abcdef-20200101T000000.000Z.kept.tar.zst": true,
		"r@box-20200101T000000.000Z.tar.zst":                   true,
		"r-20260513T120000.000Z.tar.zst":                       true,
		"r-20260520T115959.999Z.tar.zst":                       true,
		"r-20300101T000000.000Z.tar.zst":                       true,
		"r-20261399T000000.000Z.tar.zst":                       true,
		"r-20200101T000000.000Z.tar.zst.bak":                   true,
		"r-20200101T000000.000Z.kept.tar.zst":                  true,
		"r-20200101.tar.zst":                                   true,
		"my backup of 2020.tar.zst":                            true,
		"r.lock":                                               true,
	}
	for name := range files {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const folder = "d-20200101T000000.000Z.tar.zst"
	if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
		t.Fatal(err)
	}
	files[folder] = true
	if err := PruneBackups(dir, now); err != nil {
		t.Fatal(err)
	}
	for name, stays := range files {
		if _, err := os.Lstat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := PruneBackups(filepath.Join(dir, "none"), now); err != nil {
		t.Error(err)
	}
}
