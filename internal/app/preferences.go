package app

import (
	"context"
	"errors"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
)

// What the tray's menu can choose, and what comes of it.

// Select makes a profile the current one, and remembers it.
func (s *fleetSession) Select(_ context.Context, profile string) error {
	if err := s.fleet.Select(profile); err != nil {
		return err
	}
	return s.settings.Save([]string{"profile"}, profile)
}

// StartsAtOpen reports whether the runtime is started when the program opens.
func (s *fleetSession) StartsAtOpen() bool {
	return s.Preferences().StartAtOpen
}

// SetStartAtOpen changes that.
func (s *fleetSession) SetStartAtOpen(on bool) error {
	return s.settings.Save([]string{"preferences", "start_at_open"}, on)
}

// StopsOnQuit reports whether runtimes are stopped when the person quits.
func (s *fleetSession) StopsOnQuit() bool {
	return s.Preferences().StopOnQuit
}

// SetStopOnQuit changes that.
func (s *fleetSession) SetStopOnQuit(on bool) error {
	return s.settings.Save([]string{"preferences", "stop_on_quit"}, on)
}

// Preferences are those in force.
func (s *fleetSession) Preferences() config.Preferences {
	preferences, _ := s.settings.Current()
	return preferences
}

// Notifies reports whether there are notifications of any kind.
func (s *fleetSession) Notifies() bool {
	return s.Preferences().Notifications != (config.Notifications{})
}

// SetNotifies switches all kinds on or off.
func (s *fleetSession) SetNotifies(on bool) error {
	for _, kind := range config.NotificationKeys() {
		if err := s.settings.Save([]string{"preferences", "notifications", kind}, on); err != nil {
			return err
		}
	}
	return nil
}

// KeepsURL reports whether the runtime of the current profile keeps its Backend
// URL.
func (s *fleetSession) KeepsURL() bool {
	_, profiles := s.settings.Current()
	return profiles[s.fleet.Overview().Current].Token == config.TokenKeep
}

// SetKeepURL changes that.
func (s *fleetSession) SetKeepURL(on bool) error {
	policy := config.TokenFresh
	if on {
		policy = config.TokenKeep
	}
	return s.settings.Save([]string{"profiles", s.fleet.Overview().Current, "token"}, string(policy))
}

// SettingsChanged tells that the settings are others now.
func (s *fleetSession) SettingsChanged() <-chan struct{} { return s.settings.Changed() }

// EditSettings opens the settings file, and makes it when there is none.
func (s *fleetSession) EditSettings(ctx context.Context, open func(ctx context.Context, path string) error) error {
	return s.settings.Edit(ctx, open)
}

// startAtOpen starts the current runtime when the preferences say so, as soon
// as the engine is there: after a login it can take a while.
func (s *fleetSession) startAtOpen(ctx context.Context) {
	if !s.StartsAtOpen() {
		return
	}
	for o := range s.fleet.Watch(ctx) {
		switch o.Runtime().State {
		case runtime.Unknown, runtime.NoEngine:
			continue
		}
		if err := s.fleet.Start(ctx, o.Current); err != nil {
			s.Log.Info("the start at opening failed", "error", err)
		}
		return
	}
}

// Quit does what is to be done when the person quits: it stops the runtimes if
// the preferences say so.
func (s *fleetSession) Quit(ctx context.Context) error {
	if !s.StopsOnQuit() {
		return nil
	}
	var stopping sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, r := range s.fleet.Overview().Runtimes {
		if r.State.CanStop() {
			stopping.Go(func() {
				err := s.fleet.Stop(ctx, r.Profile)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
	}
	stopping.Wait()
	return errors.Join(errs...)
}
