package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"colabtray/internal/cli"
	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/desktop"
	"colabtray/internal/guide"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// fleetSession is a connection to the runtimes of all profiles.
type fleetSession struct {
	*cli.Connection
	fleet    *runtime.Fleet
	settings *cli.Settings
	version  string

	mu     sync.Mutex
	guides map[string]*guide.Guide // by profile
}

// openFleet connects the runtimes of the settings to their engines.
func openFleet(start cli.Start, settings *cli.Settings, o runtime.Options) *fleetSession {
	preferences, profiles := settings.Current()
	c := start.Connect(o, preferences)
	return &fleetSession{
		Connection: c,
		fleet:      c.Fleet(profiles, settings.Chosen()),
		settings:   settings,
		version:    start.Version(),
		guides:     map[string]*guide.Guide{},
	}
}

// CheckReport tries what Colab's page does with the runtime of a profile: the
// verdict is one line, the report has the steps. Neither holds the token.
func (s *fleetSession) CheckReport(ctx context.Context, profile string) (colab.Report, error) {
	one, err := s.of(profile)
	if err != nil {
		return colab.Report{}, err
	}
	return one.Check(ctx, nil)
}

// of returns the session of one profile, which ends with that of the fleet.
func (s *fleetSession) of(profile string) (*cli.Session, error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return nil, err
	}
	return s.Session(m, s.settings), nil
}

// Act carries out an act for the runtime of a profile.
func (s *fleetSession) Act(ctx context.Context, profile string, a problem.Act) error {
	one, err := s.of(profile)
	if err != nil {
		return err
	}
	return one.Act(ctx, a)
}

// Update is [runtime.Manager.Update] for the runtime of a profile. It returns false where
// there was nothing newer.
func (s *fleetSession) Update(ctx context.Context, profile string) (newer bool, err error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return false, err
	}
	before := m.Snapshot().Container
	err = m.Update(ctx)
	return m.Snapshot().Container != before, err
}

// UndoUpdate is [runtime.Manager.UndoUpdate] for the runtime of a profile.
func (s *fleetSession) UndoUpdate(ctx context.Context, profile string) error {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return err
	}
	return m.UndoUpdate(ctx)
}

// Delete deletes the container of a profile and, if asked, its data, of which it
// returns the backup.
func (s *fleetSession) Delete(ctx context.Context, profile string, withData bool) (backup string, err error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return "", err
	}
	deleted, err := m.Delete(ctx, data.DeleteOptions{Data: withData})
	return deleted.Backup, err
}

// Lost returns how many bytes of files the container of a profile alone has.
func (s *fleetSession) Lost(ctx context.Context, profile string) (int64, error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return 0, err
	}
	goes, err := m.PlanDelete(ctx)
	return goes.Lost.Bytes, err
}

// DataSize returns how big the data of a profile are, in bytes; negative when
// the engine does not know.
func (s *fleetSession) DataSize(ctx context.Context, profile string) (int64, error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return 0, err
	}
	size, _, err := m.DataSize(ctx)
	return size, err
}

// HasData reports whether a profile has data.
func (s *fleetSession) HasData(ctx context.Context, profile string) (bool, error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return false, err
	}
	_, exists, err := m.DataSize(ctx)
	return exists, err
}

// CanUndoDelete reports whether there is a backup of a profile's data.
func (s *fleetSession) CanUndoDelete(profile string) bool {
	now, known := s.fleet.Overview().Of(profile)
	return known && data.HasBackup(data.BackupDir(), config.Profile{Engine: now.Address, Runtime: now.Runtime})
}

// guide returns the guide to the runtime of a profile.
func (s *fleetSession) guide(profile string) (*guide.Guide, error) {
	one, err := s.of(profile)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guides[profile]
	if g != nil && g.Runtime != one.Runtime { // the profile has another container or engine by now
		g.Close()
		g = nil
	}
	if g == nil {
		g = one.NewGuide(s.version)
		s.guides[profile] = g
	}
	return g, nil
}

// OpenGuide opens the guide to the runtime of the current profile.
func (s *fleetSession) OpenGuide(ctx context.Context) error {
	g, err := s.guide(s.fleet.Overview().Current)
	if err != nil {
		return err
	}
	return cli.OpenGuide(ctx, g)
}

// OpenJupyter opens the page of the Jupyter of a profile's runtime.
func (s *fleetSession) OpenJupyter(ctx context.Context, profile string) error {
	g, err := s.guide(profile)
	if err != nil {
		return err
	}
	return cli.OpenJupyter(ctx, g)
}

// openTerminal opens a terminal in the runtime of a profile; nil on a desktop without a
// program for that.
func openTerminal(s *fleetSession) func(ctx context.Context, profile string) error {
	if !desktop.HasTerminal() {
		return nil
	}
	return func(ctx context.Context, profile string) error {
		m, err := s.fleet.Manager(profile)
		if err != nil {
			return err
		}
		program, err := os.Executable()
		if err != nil {
			return err
		}
		// The window's environment may be that of another program.
		return desktop.OpenTerminal(ctx, program, "shell", "--profile", profile, "--name", m.Profile().Runtime)
	}
}

// CloseGuides ends the guides that are open.
func (s *fleetSession) CloseGuides() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.guides {
		g.Close()
	}
}

// trayTokens opens the store of token hashes, which the tray alone uses. Without
// a place for it the tray still works, and misses a token that changed while it
// was not running.
func trayTokens(log *slog.Logger) *jupyter.TokenStore {
	dir := config.StateDir()
	if err := config.EnsurePrivateDir(dir); err != nil {
		log.Warn("no place for the token's hash", "error", err)
		return nil
	}
	return jupyter.NewTokenStore(filepath.Join(dir, "tokens.json"), log)
}
