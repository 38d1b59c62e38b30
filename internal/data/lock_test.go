package data

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
)

// TestShare: those who read share the data, also those of other programs, and leave each
// other's helpers alone. Who changes the data has them alone, and so has who recovers.
func TestShare(t *testing.T) {
	e := memory.New()
	defer e.Close()
	e.AddImage("example/jupyter:1", memory.Jupyter())
	profile := config.Profile{Name: "default", Runtime: "mine"}
	dir := t.TempDir()
	program := func() *Store { // locks of two open files are like those of two programs
		return New(Options{Engine: e, Profile: profile, Dir: dir, Log: slog.New(slog.DiscardHandler), LockPatience: time.Millisecond})
	}
	get := func(release func(), err error) func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return release
	}
	busy := func(release func(), err error) {
		t.Helper()
		if !isBusy(err) {
			t.Errorf("it is not busy: %v", err)
		}
		if err == nil {
			release()
		}
	}
	helper := func(spec engine.HelperSpec) string {
		t.Helper()
		id, err := e.CreateHelper(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	has := func(id string) bool {
		all, err := e.Helpers(t.Context(), "mine")
		return err == nil && slices.ContainsFunc(all, func(h engine.Helper) bool { return h.ID == id })
	}

	first := get(program().Share(t.Context()))
	reads := helper(engine.ReadingHelper("mine", "example/jupyter:1", "mine-data", engine.HelperDataDir))
	second := get(program().Share(t.Context()))
	if !has(reads) {
		t.Error("the helper of another one is gone")
	}
	busy(program().Lock(t.Context()))
	first()
	busy(program().Lock(t.Context()))
	second()

	alone := get(program().Lock(t.Context()))
	busy(program().Share(t.Context()))
	alone()

	third := get(program().Share(t.Context()))
	if has(reads) {
		t.Error("the helper of a program that was killed is still there")
	}
	third()

	backup := get(program().LockBackup())
	busy(program().LockBackup())
	get(program().Share(t.Context()))()
	backup()
	get(program().LockBackup())()
}
