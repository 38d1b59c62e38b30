package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"colabtray/internal/cli"
	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/notify"
	"colabtray/internal/tray"
)

// showTray puts the icon into the tray until its person quits. A second tray of
// the same person says that there is one, and ends.
func showTray(ctx context.Context, s *cli.Session) error {
	dir := config.RuntimeDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		return err
	}
	release, first, err := desktop.Acquire(dir)
	if err != nil {
		return err
	}
	defer release()
	if !first {
		fmt.Fprintln(os.Stderr, "Colab Tray is in the tray already.")
		return nil
	}
	leaveOwnConsole()
	sender := notify.NewSender(notify.Options{Log: s.Log})
	defer sender.Close()
	err = tray.Run(ctx, tray.Options{
		Runtime:  s.Runtime,
		Copy:     desktop.Copy,
		OpenURL:  desktop.OpenURL,
		OpenText: desktop.OpenText,
		Check:    s.CheckReport,
		Announce: sender.Announce,
		Tell:     sender.Tell,
		LogDir:   dir,
		Log:      s.Log,
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
