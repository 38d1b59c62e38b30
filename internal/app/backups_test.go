package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestPruneBackups: a clock that is wrong after the login, and set soon after, costs no
// backup.
func TestPruneBackups(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(dir, "r-"+time.Now().AddDate(0, 0, -8).UTC().Format("20060102T150405.000Z")+".tar.zst")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		exists := func() bool {
			_, err := os.Lstat(file)
			return err == nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		log := slog.New(slog.DiscardHandler)
		go pruneBackups(ctx, dir, log)
		time.Sleep(clockTime - time.Second)
		cancel()
		synctest.Wait()
		if !exists() {
			t.Error("an old backup is gone with the start")
		}
		go pruneBackups(t.Context(), dir, log)
		time.Sleep(clockTime + time.Second)
		synctest.Wait()
		if exists() {
			t.Error("an old backup stays")
		}
	})
}
