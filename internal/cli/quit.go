package cli

import (
	"context"
	"fmt"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// endTime is how long a tray may take to end after it has said that it does.
const endTime = 30 * time.Second

// runQuit ends the tray that runs as its own row Quit does, and returns once it has
// ended. Where none runs it has nothing to do.
func runQuit(ctx context.Context, in *invocation) error {
	dir := config.RuntimeDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		return err
	}
	release, ended, err := desktop.Acquire(dir)
	release()
	if err != nil {
		return err
	}
	if ended {
		fmt.Fprintln(in.Stderr, i18n.T("cli.noTrayRuns"))
		return nil
	}
	said, err := desktop.QueryInstance(ctx, dir, desktop.Quit)
	if err != nil {
		return &problem.Problem{Code: problem.TrayStays, Short: i18n.T("cli.trayStays"), Hint: i18n.T("cli.trayStaysHint"), Err: err}
	}
	fmt.Fprintln(in.Stderr, i18n.Lines(said))
	if desktop.AwaitRelease(ctx, dir, endTime) != nil {
		return &problem.Problem{Code: problem.TrayStays, Short: i18n.T("cli.trayStays"), Hint: i18n.T("cli.trayStaysHint")}
	}
	return nil
}
