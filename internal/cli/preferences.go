package cli

import (
	"context"
	"errors"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
)

// What the tray's menu can choose, and what comes of it.

// Select makes a profile the current one, and remembers it.
func (s *FleetSession) Select(_ context.Context, profile string) error {
	if err := s.Fleet.Select(profile); err != nil {
		return err
	}
	return s.settings.save([]string{"profile"}, profile)
}

// StartsAtOpen reports whether the runtime is started when the program opens.
func (s *FleetSession) StartsAtOpen() bool {
	return s.Preferences().StartAtOpen
}

// SetStartAtOpen changes that.
func (s *FleetSession) SetStartAtOpen(on bool) error {
	return s.settings.save([]string{"preferences", "start_at_open"}, on)
}

// StopsOnQuit reports whether runtimes are stopped when the person quits.
func (s *FleetSession) StopsOnQuit() bool {
	return s.Preferences().StopOnQuit
}

// SetStopOnQuit changes that.
func (s *FleetSession) SetStopOnQuit(on bool) error {
	return s.settings.save([]string{"preferences", "stop_on_quit"}, on)
}

// Preferences are those in force.
func (s *FleetSession) Preferences() config.Preferences {
	preferences, _ := s.settings.current()
	return preferences
}

// Notifies reports whether there are notifications of any kind.
func (s *FleetSession) Notifies() bool {
	return s.Preferences().Notifications != (config.Notifications{})
}

// SetNotifies switches all kinds on or off.
func (s *FleetSession) SetNotifies(on bool) error {
	for _, kind := range config.NotificationKeys() {
		if err := s.settings.save([]string{"preferences", "notifications", kind}, on); err != nil {
			return err
		}
	}
	return nil
}

// KeepsURL reports whether the runtime of the current profile keeps its Backend
// URL.
func (s *FleetSession) KeepsURL() bool {
	_, profiles := s.settings.current()
	return profiles[s.Fleet.Overview().Current].Token == config.TokenKeep
}

// SetKeepURL changes that.
func (s *FleetSession) SetKeepURL(on bool) error {
	policy := config.TokenFresh
	if on {
		policy = config.TokenKeep
	}
	return s.settings.save([]string{"profiles", s.Fleet.Overview().Current, "token"}, string(policy))
}

// SettingsChanged tells that the settings are others now.
func (s *FleetSession) SettingsChanged() <-chan struct{} { return s.settings.changed }

// EditSettings opens the settings file, and makes it when there is none.
func (s *FleetSession) EditSettings(ctx context.Context, open func(ctx context.Context, path string) error) error {
	var exists *config.ExistsError
	if err := config.WriteDefault(s.settings.from.File); err != nil && !errors.As(err, &exists) {
		return err
	}
	return open(ctx, s.settings.from.File)
}

// startAtOpen starts the current runtime when the preferences say so, as soon
// as the engine is there: after a login it can take a while.
func (s *FleetSession) startAtOpen(ctx context.Context) {
	if !s.StartsAtOpen() {
		return
	}
	for o := range s.Fleet.Watch(ctx) {
		switch o.Runtime().State {
		case runtime.Unknown, runtime.NoEngine:
			continue
		}
		if err := s.Fleet.Start(ctx, o.Current); err != nil {
			s.Log.Info("the start at opening failed", "error", err)
		}
		return
	}
}

// Quit does what is to be done when the person quits: it stops the runtimes if
// the preferences say so.
func (s *FleetSession) Quit(ctx context.Context) error {
	if !s.StopsOnQuit() {
		return nil
	}
	var stopping sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, r := range s.Fleet.Overview().Runtimes {
		if r.State.CanStop() {
			stopping.Go(func() {
				err := s.Fleet.Stop(ctx, r.Profile)
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			})
		}
	}
	stopping.Wait()
	return errors.Join(errs...)
}
