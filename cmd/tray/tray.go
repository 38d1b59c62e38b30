package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"colabtray/internal/cli"
	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/notify"
	"colabtray/internal/runtime"
	"colabtray/internal/tray"
)

// buttons are what those of notifications do in the tray.
var buttons = map[notify.Action]tray.Action{
	notify.CopyURL:    tray.CopyURL,
	notify.OpenColab:  tray.OpenColab,
	notify.Start:      tray.Start,
	notify.StartAgain: tray.Start,
	notify.Restart:    tray.Restart,
	notify.ShowLogs:   tray.ShowLogs,
}

// wanted reports whether the person wants notifications of a kind. Answers to
// what they have clicked always come.
func wanted(n config.Notifications, kind notify.Kind) bool {
	switch kind {
	case notify.KindReady:
		return n.Ready
	case notify.KindURLChanged:
		return n.URLChanged
	case notify.KindStopped:
		return n.Stopped
	case notify.KindFailed:
		return n.Failed
	case notify.KindIdleStop:
		return n.Idle
	case notify.KindProgress:
		return n.Progress
	default:
		return true
	}
}

// hasTray returns why no icon can ever be shown here. Where only the panel is
// missing, it may come.
func hasTray(ctx context.Context) error {
	if err := tray.Probe(ctx); !errors.Is(err, tray.ErrNoPanel) {
		return err
	}
	return nil
}

// showTray puts the icon into the tray until its person quits. A second tray of
// the same person says what the first one has, and ends.
func showTray(ctx context.Context, s *cli.Session) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	slog.SetDefault(s.Log) // for what the tray's toolkit has to say
	dir := config.RuntimeDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		return err
	}
	release, first, err := desktop.Acquire(dir)
	if err != nil {
		return err
	}
	defer release()
	requests := make(chan tray.Action)
	sender := notify.NewSender(notify.Options{
		Log:     s.Log,
		Enabled: func(kind notify.Kind) bool { return wanted(s.Preferences.Notifications, kind) },
		Act: func(_ string, button notify.Action) {
			if button == notify.KeepRunning {
				s.Runtime.KeepRunning()
				return
			}
			select {
			case requests <- buttons[button]:
			case <-ctx.Done():
			}
		},
	})
	defer sender.Close()
	if !first {
		tellRunning(ctx, s, sender)
		return nil
	}
	registered := make(chan struct{}, 1)
	if errors.Is(tray.Probe(ctx), tray.ErrNoPanel) {
		short, hint := desktop.NoTray(os.Getenv("XDG_CURRENT_DESKTOP"))
		fmt.Fprintf(os.Stderr, "%s. %s\n", short, hint)
		go tellNoTray(ctx, registered, func() { sender.Tell(short, hint) })
	}
	if repaired, err := desktop.RepairAutostart(); repaired || err != nil {
		s.Log.Info("the start at login named a program that is gone", "repaired", repaired, "error", err)
	}
	clipboard := &desktop.Clipboard{ClearAfter: func() time.Duration { return s.Preferences.ClearClipboard }}
	defer clipboard.Close()
	leaveOwnConsole()
	err = tray.Run(ctx, tray.Options{
		Runtime:  s.Runtime,
		Copy:     clipboard.Copy,
		OpenURL:  desktop.OpenURL,
		OpenText: desktop.OpenText,
		Check:    s.CheckReport,
		Announce: sender.Announce,
		Tell:     sender.Tell,
		LogDir:   dir,
		Log:      s.Log,
		Requests: requests,
		Registered: func() {
			select {
			case registered <- struct{}{}:
			default:
			}
		},
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// panelTime is how long a panel may take to come before the person is told that
// there is none: at login the program can be the faster one.
const panelTime = 10 * time.Second

// tellNoTray tells once that there is no tray, unless there is one by then.
func tellNoTray(ctx context.Context, registered <-chan struct{}, tell func()) {
	late := time.NewTimer(panelTime)
	defer late.Stop()
	select {
	case <-late.C:
		tell()
	case <-registered:
	case <-ctx.Done():
	}
}

// How long what a second start has to tell may take.
const (
	lookTime = 10 * time.Second
	tellTime = 5 * time.Second
)

// tellRunning tells what a fresh look at the engine shows, for a person who has
// started the program a second time.
func tellRunning(ctx context.Context, s *cli.Session, sender *notify.Sender) {
	looking, seen := context.WithTimeout(ctx, lookTime)
	defer seen()
	var found runtime.Snapshot
	for found = range s.Runtime.Watch(looking) {
		if found.State != runtime.Unknown {
			break
		}
	}
	a := notify.Running(found)
	fmt.Fprintf(os.Stderr, "%s. %s\n", a.Title, a.Body)
	sender.Send(a)
	telling, told := context.WithTimeout(ctx, tellTime)
	defer told()
	sender.Flush(telling)
}
