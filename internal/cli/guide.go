package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/gpu"
	"colabtray/internal/guide"
	"colabtray/internal/i18n"
	"colabtray/internal/install"
)

// NewGuide makes the guide to the session's runtime. Nobody listens before its
// address is asked for.
func (s *Session) NewGuide(version string) *guide.Guide {
	return guide.New(guide.Options{
		Runtime:    s.Runtime,
		Check:      s.Check,
		Report:     func(ctx context.Context) string { return s.buildReport(ctx, version).Text() },
		Folders:    folders{s},
		Settings:   pageSettings{s},
		Connecting: connecting{s},
		Install:    installHelp(),
		GPU:        gpu.Watch,
		Recent:     RecentNotebooks(),
		Acts:       CanAct,
		Act:        s.Act,
		OpenFolder: desktop.OpenFolder,
		Version:    version,
		Log:        s.Log,

		Packages: s.Packages,
		KeepPackages: func(ctx context.Context, names []string) error {
			_, err := s.KeepPackages(ctx, names)
			return err
		},
	})
}

// installHelp returns a function that tells how to get an engine. It looks for one in WSL
// once a minute at most.
func installHelp() func() install.Help {
	var mu sync.Mutex
	var found install.WSL
	var looked time.Time
	return func() install.Help {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(looked) > time.Minute {
			found, looked = install.FindWSL(context.Background()), time.Now()
		}
		system := install.Detect()
		system.Found = found
		return install.Docker(system)
	}
}

// pageSettings are the settings that the guide shows and changes.
type pageSettings struct{ s *Session }

// File implements [guide.Settings].
func (p pageSettings) File() string { return p.s.settingsFile }

// Apply implements [guide.Settings]. The language is in use before the page asks for
// its texts.
func (p pageSettings) Apply() {
	useLanguage(config.LanguageIn(p.s.settingsFile), os.LookupEnv)
	if p.s.reload == nil {
		return
	}
	if profile, err := p.s.reload(); err == nil {
		p.s.Runtime.SetProfile(profile)
	}
}

// Overrides implements [guide.Settings].
func (p pageSettings) Overrides() map[config.Place]string { return p.s.overrides }

// StartsAtLogin implements [guide.Settings].
func (p pageSettings) StartsAtLogin() (bool, error) { return desktop.AutostartEnabled() }

// SetStartAtLogin implements [guide.Settings].
func (p pageSettings) SetStartAtLogin(on bool) error { return desktop.SetAutostart(on) }

// OpenGuide opens a guide in the default browser.
func OpenGuide(ctx context.Context, g *guide.Guide) error {
	url, err := g.URL(ctx)
	if err != nil {
		return err
	}
	return desktop.OpenURL(ctx, url)
}

// OpenJupyter opens the page of the runtime's own Jupyter in the default browser,
// by way of a guide: its address has a key in the token's place.
func OpenJupyter(ctx context.Context, g *guide.Guide) error {
	url, err := g.JupyterURL(ctx)
	if err != nil {
		return err
	}
	return desktop.OpenURL(ctx, url)
}

// runGuide opens the guide, and serves it until nobody has looked at it for a
// while. Without a browser it prints the address for one.
func runGuide(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		g := s.NewGuide(in.Version)
		defer g.Close()
		if err := OpenGuide(ctx, g); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.Log.Info("no browser", "error", err)
			url, err := g.URL(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintln(in.Stderr, i18n.T("cli.guideAddress"))
			if _, err := fmt.Fprintln(in.Stdout, url); err != nil {
				return err
			}
		}
		if err := g.Wait(ctx); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}
