package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
)

// runTray shows the tray. Where there is none it does what a click on the icon
// would: it starts the runtime.
func runTray(ctx context.Context, in *invocation) error {
	if err := in.HasTray(ctx); err != nil {
		fmt.Fprintf(in.Stderr, "No tray here (%v), so the runtime is started from the terminal.\n", err)
		return runStart(ctx, in)
	}
	s, err := in.open(trayTokens)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := runtime.PruneBackups(runtime.BackupDir(), time.Now()); err != nil {
		s.Log.Warn("old backups could not be removed", "error", err)
	}
	return in.Tray(ctx, s)
}

// trayTokens opens the store of token hashes, which the tray alone uses. Without
// a place for it the tray still works, and misses a token that changed while it
// was not running.
func trayTokens(log *slog.Logger) *runtime.TokenStore {
	dir := config.StateDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		log.Warn("no place for the token's hash", "error", err)
		return nil
	}
	return runtime.NewTokenStore(filepath.Join(dir, "tokens.json"), log)
}
