package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	goruntime "runtime"
	"time"

	"colabtray/assets"
	"colabtray/internal/cli"
	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/notify"
	"colabtray/internal/runtime"
	"colabtray/internal/tray"
)

// buttons are what those of notifications do in the tray.
var buttons = map[notify.Action]tray.Action{
	notify.CopyURL:         tray.CopyURL,
	notify.OpenColab:       tray.OpenColab,
	notify.Start:           tray.Start,
	notify.StartAgain:      tray.Start,
	notify.StartWithoutGPU: tray.StartWithoutGPU,
	notify.KeepRunning:     tray.KeepRunning,
	notify.Restart:         tray.Restart,
	notify.ShowLogs:        tray.ShowLogs,
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
func showTray(ctx context.Context, s *cli.FleetSession) error {
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
	requests := make(chan tray.Request)
	sender := notify.NewSender(notify.Options{
		Log:     s.Log,
		Enabled: func(kind notify.Kind) bool { return wanted(s.Preferences().Notifications, kind) },
		Act: func(profile string, button notify.Action) {
			select {
			case requests <- tray.Request{Profile: profile, Action: buttons[button]}:
			case <-ctx.Done():
			}
		},
	})
	defer sender.Close()
	defer s.CloseGuides()
	noPanel := errors.Is(tray.Probe(ctx), tray.ErrNoPanel)
	if !first {
		tellRunning(ctx, s, sender)
		if noPanel {
			return s.ShowGuide(ctx)
		}
		return nil
	}
	registered := make(chan struct{}, 1)
	if noPanel {
		short, hint := desktop.NoTray(os.Getenv("XDG_CURRENT_DESKTOP"))
		fmt.Fprintf(os.Stderr, "%s. %s\n", short, hint)
		go tellNoTray(ctx, registered, func() { sender.Tell(short, hint) })
	}
	if repaired, err := desktop.RepairAutostart(); repaired || err != nil {
		s.Log.Info("the start at login named a program that is gone", "repaired", repaired, "error", err)
	}
	clipboard := &desktop.Clipboard{ClearAfter: func() time.Duration { return s.Preferences().ClearClipboard }}
	defer clipboard.Close()
	leaveOwnConsole()
	err = tray.Run(ctx, tray.Options{
		Runtimes: s.Fleet,
		Select:   s.Select,
		Copy:     clipboard.Copy,
		OpenURL:  desktop.OpenURL,
		OpenText: desktop.OpenText,
		Check:    s.CheckReport,
		Announce: sender.Announce,
		Tell:     sender.Tell,
		LogDir:   dir,
		Log:      s.Log,
		Version:  version,

		Style:           func() assets.Style { return style(s.Preferences().Icon) },
		Guide:           s.OpenGuide,
		StartWithoutGPU: s.StartWithoutGPU,
		KeepRunning:     s.KeepRunning,
		StartAtLogin:    startAtLogin(s.Log),
		StartAtOpen:     &tray.Toggle{Get: s.StartsAtOpen, Set: s.SetStartAtOpen},
		KeepURL:         &tray.Toggle{Get: s.KeepsURL, Set: s.SetKeepURL},
		StopOnQuit:      &tray.Toggle{Get: s.StopsOnQuit, Set: s.SetStopOnQuit},
		Notifications:   &tray.Toggle{Get: s.Notifies, Set: s.SetNotifies},
		EditSettings:    func(ctx context.Context) error { return s.EditSettings(ctx, desktop.OpenText) },
		SettingsChanged: s.SettingsChanged(),
		Delete:          s.Delete,
		DataSize:        s.DataSize,
		Quit:            s.Quit,
		Requests:        requests,
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

// style is how icons look by the preference, on the panel there is.
func style(wanted config.Icon) assets.Style {
	panel := assets.UnknownPanel
	switch light, known := desktop.PanelIsLight(); {
	case known && light:
		panel = assets.LightPanel
	case known:
		panel = assets.DarkPanel
	}
	return assets.Style(wanted).Resolve(goruntime.GOOS, panel)
}

// startAtLogin is the toggle of that name. Where it cannot be told what is set,
// nothing is.
func startAtLogin(log *slog.Logger) *tray.Toggle {
	return &tray.Toggle{
		Get: func() bool {
			on, err := desktop.AutostartEnabled()
			if err != nil {
				log.Warn("it is not known whether the program starts at login", "error", err)
			}
			return on
		},
		Set: desktop.SetAutostart,
	}
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
func tellRunning(ctx context.Context, s *cli.FleetSession, sender *notify.Sender) {
	looking, seen := context.WithTimeout(ctx, lookTime)
	defer seen()
	var found runtime.Snapshot
	for o := range s.Fleet.Watch(looking) {
		if found = o.Runtime(); found.State != runtime.Unknown {
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
