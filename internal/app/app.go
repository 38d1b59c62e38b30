// Package app owns the program as a whole: it gives the command line an engine, and
// shows the tray, whose icon, menu, notifications and pages it connects with the
// runtimes of all profiles.
//
// It owns no view of a runtime, no text of a command and no work on an engine. What
// each part does is in the package of that part.
package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	goruntime "runtime"
	"time"

	"colabtray/internal/cli"
	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/engine/kubernetes"
	"colabtray/internal/i18n"
	"colabtray/internal/logfile"
	"colabtray/internal/runtime"
)

// Run runs the program with the arguments of its command line, until ctx ends or the
// program is done, and returns its exit code.
func Run(ctx context.Context, version string, args []string) int {
	program := &cli.Program{
		Version:   version,
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		LookupEnv: os.LookupEnv,
		Engine:    newEngine,
		Tray:      runTray,
	}
	return program.Run(ctx, args)
}

// newEngine makes the engine at an address; an empty one means the engine that the
// docker command uses.
func newEngine(address string, log *slog.Logger) engine.Engine {
	if kubernetes.Is(address) {
		return kubernetes.Open(address, log)
	}
	return docker.Open(address, log)
}

// runTray shows the tray. Where there is none it does what a click on the icon
// would: it starts the runtime.
func runTray(ctx context.Context, start cli.Start) error {
	if err := hasTray(ctx); err != nil {
		fmt.Fprintln(start.Stderr(), i18n.T("cli.noTray", "cause", i18n.Error(err)))
		return start.Runtime(ctx)
	}
	// What is below is the work of one tray: the next one at the same time would
	// start a runtime that the first one has stopped, and guard it twice.
	release, alone, err := acquireInstance(ctx, start.Log())
	defer release()
	if err != nil || !alone {
		return err
	}
	if dir := config.StateDir(); config.EnsurePrivateDir(dir) == nil {
		file := logfile.Open(filepath.Join(dir, "colab-tray.log"))
		defer file.Close()
		start.LogTo(file)
	}
	settings, err := start.Settings()
	if err != nil {
		return err
	}
	s := openFleet(start, settings, runtime.Options{
		Tokens: trayTokens(start.Log()), StopIdle: true, WakeFor: colab.Origin, AskRegistries: true,
	})
	s.Run(s.fleet.Run, func(ctx context.Context) { settings.Follow(ctx, s.fleet) }, s.startAtOpen, s.welcome,
		func(ctx context.Context) { pruneBackups(ctx, data.BackupDir(), s.Log) })
	defer s.Close()
	s.Log.Info("the tray begins", "version", start.Version(), "system", goruntime.GOOS+"/"+goruntime.GOARCH, "profile", settings.Chosen())
	return showTray(ctx, s)
}

// clockTime is how long a computer may take after the login to get its clock right, from
// which the age of backups follows.
const clockTime = 10 * time.Minute

// pruneBackups removes old automatic backups, once, after clockTime.
func pruneBackups(ctx context.Context, dir string, log *slog.Logger) {
	select {
	case <-time.After(clockTime):
	case <-ctx.Done():
		return
	}
	if err := data.PruneBackups(dir, time.Now()); err != nil {
		log.Warn("old backups could not be removed", "error", err)
	}
}
