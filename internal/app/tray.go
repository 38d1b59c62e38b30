package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	goruntime "runtime"
	"sync"
	"time"

	"colabtray/assets"
	"colabtray/internal/cli"
	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/gpu"
	"colabtray/internal/i18n"
	"colabtray/internal/notify"
	"colabtray/internal/runtime"
	"colabtray/internal/tray"
)

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
	case notify.KindNewerImage:
		return n.NewerImage
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

// acquireInstance reports whether no other tray of the same person runs, and says what
// that one is doing. The place is kept until release.
func acquireInstance(ctx context.Context, log *slog.Logger) (release func(), acquireInstance bool, err error) {
	dir := config.RuntimeDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		return func() {}, false, err
	}
	release, acquireInstance, err = desktop.Acquire(dir)
	if err == nil && !acquireInstance {
		ask(ctx, dir, log)
	}
	return release, acquireInstance, err
}

// showTray puts the icon into the tray until its person quits.
func showTray(ctx context.Context, s *fleetSession) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	slog.SetDefault(s.Log) // for what the tray's toolkit has to say
	dir := config.RuntimeDir()
	requests := make(chan tray.Request)
	sender := notify.NewSender(notify.Options{
		Log:     s.Log,
		Enabled: func(kind notify.Kind) bool { return wanted(s.Preferences().Notifications, kind) },
		Act: func(profile string, button notify.Action) {
			select {
			case requests <- tray.Request{Profile: profile, Act: button}:
			case <-ctx.Done():
			}
		},
	})
	defer sender.Close()
	defer s.CloseGuides()
	noPanel := errors.Is(tray.Probe(ctx), tray.ErrNoPanel)
	var answering sync.WaitGroup
	defer func() {
		end()
		answering.Wait()
	}()
	answering.Go(func() {
		err := desktop.ServeQueries(ctx, dir, func(ctx context.Context, q desktop.Query) string {
			if profile, starts := q.Starts(); starts {
				return cli.StartAnswer(s.startHeld(ctx, profile))
			}
			if q != desktop.Quit {
				return answer(ctx, s, sender)
			}
			if err := s.Quit(ctx); err != nil {
				return i18n.Sentences(i18n.T("instance.stays"), i18n.Sentence(i18n.Error(err)))
			}
			defer end()
			return i18n.T("instance.ends")
		})
		if err != nil {
			s.Log.Warn("a second start will not be answered", "error", err)
		}
	})
	registered := make(chan struct{}, 1)
	if noPanel {
		short, hint := noTray(ctx)
		fmt.Fprintln(os.Stderr, i18n.Sentences(short, hint))
		go explainNoTray(ctx, registered, func() {
			short, hint := noTray(ctx)
			sender.ShowMessage(short, hint)
		})
	}
	if repaired, err := desktop.RepairAutostart(); repaired || err != nil {
		s.Log.Info("the start at login named a program that is gone", "repaired", repaired, "error", err)
	}
	clipboard := &desktop.Clipboard{ClearAfter: func() time.Duration { return s.Preferences().ClearClipboard }}
	defer clipboard.Close()
	leaveOwnConsole()
	addFolder := s.AddFolder
	if !desktop.HasFolderChooser(ctx) { // the guide's page has it, too
		addFolder = nil
	}
	err := tray.Run(ctx, tray.Options{
		Runtimes:    s.fleet,
		Select:      s.Select,
		Copy:        clipboard.Copy,
		OpenURL:     desktop.OpenURL,
		OpenText:    desktop.OpenText,
		Check:       s.CheckReport,
		Announce:    sender.Announce,
		ShowMessage: sender.ShowMessage,
		LogDir:      dir,
		Log:         s.Log,
		Version:     s.version,

		Style:           func() assets.Style { return style(s.Preferences().Icon) },
		OpenJupyter:     s.OpenJupyter,
		OpenTerminal:    openTerminal(s),
		Kernels:         s,
		GPU:             gpu.Installed(),
		Recent:          cli.RecentNotebooks(),
		Guide:           s.OpenGuide,
		Act:             s.Act,
		CanUndoDelete:   s.CanUndoDelete,
		HasData:         s.HasData,
		Update:          s.Update,
		UndoUpdate:      s.UndoUpdate,
		StartAtLogin:    startAtLogin(s.Log),
		StartAtOpen:     &tray.Toggle{Get: s.StartsAtOpen, Set: s.SetStartAtOpen},
		KeepURL:         &tray.Toggle{Get: s.KeepsURL, Set: s.SetKeepURL},
		StopOnQuit:      &tray.Toggle{Get: s.StopsOnQuit, Set: s.SetStopOnQuit},
		Notifications:   &tray.Toggle{Get: s.Notifies, Set: s.SetNotifies},
		AddFolder:       addFolder,
		EditSettings:    func(ctx context.Context) error { return s.EditSettings(ctx, desktop.OpenText) },
		SettingsChanged: s.SettingsChanged(),
		Delete:          s.Delete,
		Lost:            s.Lost,
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

// noTray says why there is no icon, and what to do, on this desktop as it is now.
func noTray(ctx context.Context) (short, hint string) {
	return desktop.NoTrayAdvice(os.Getenv("XDG_CURRENT_DESKTOP"), desktop.HasXEmbedTray(ctx))
}

// explainNoTray tells once that there is no tray, unless there is one by then.
func explainNoTray(ctx context.Context, registered <-chan struct{}, tell func()) {
	late := time.NewTimer(panelTime)
	defer late.Stop()
	select {
	case <-late.C:
		tell()
	case <-registered:
	case <-ctx.Done():
	}
}

// answer tells a person who has started the program a second time what the first
// one is doing. Where there is no tray to see it in, the guide shows more.
func answer(ctx context.Context, s *fleetSession, sender *notify.Sender) string {
	a := notify.Running(s.fleet.Overview().Runtime())
	sender.Send(a)
	if errors.Is(tray.Probe(ctx), tray.ErrNoPanel) {
		if err := s.OpenGuide(ctx); err != nil {
			s.Log.Warn("guide for a second start", "error", err)
		}
	}
	return i18n.Sentences(a.Title, a.Body)
}

// ask prints what the tray that runs already is doing.
func ask(ctx context.Context, dir string, log *slog.Logger) {
	message, err := desktop.QueryInstance(ctx, dir, desktop.Show)
	if err != nil {
		log.Warn("second start", "error", err)
		message = i18n.FullStop(notify.Running(runtime.Snapshot{}).Title)
	}
	fmt.Fprintln(os.Stderr, i18n.Lines(message))
}
