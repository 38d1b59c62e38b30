package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/guide"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/logfile"
	"colabtray/internal/runtime"
)

// FleetSession is a connection to the runtimes of all profiles.
type FleetSession struct {
	*connection
	// Fleet is the runtimes themselves.
	Fleet *runtime.Fleet

	settings *settings
	version  string

	mu     sync.Mutex
	guides map[string]*guide.Guide // by profile
}

// openFleet connects the runtimes of the settings to the engine.
func (in *invocation) openFleet(settings *settings, o runtime.Options) (*FleetSession, error) {
	c, err := in.connect(o)
	if err != nil {
		return nil, err
	}
	return &FleetSession{
		connection: c,
		Fleet:      runtime.NewFleet(c.link, settings.profiles, settings.chosen, c.options),
		settings:   settings,
		version:    in.Version,
		guides:     map[string]*guide.Guide{},
	}, nil
}

// CheckReport tries what Colab's page does with the runtime of a profile: the
// verdict is one line, the report has the steps. Neither holds the token.
func (s *FleetSession) CheckReport(ctx context.Context, profile string) (verdict, report string, err error) {
	one, err := s.of(profile)
	if err != nil {
		return "", "", err
	}
	r, err := one.check(ctx, nil)
	return r.Verdict, r.Text(), err
}

// of returns the session of one profile, which ends with that of the fleet.
func (s *FleetSession) of(profile string) (*Session, error) {
	m, err := s.Fleet.Manager(profile)
	if err != nil {
		return nil, err
	}
	return &Session{connection: s.connection, Runtime: m, Profile: m.Profile()}, nil
}

// StartWithoutGPU is [runtime.Manager.StartWithoutGPU] for the runtime of a
// profile.
func (s *FleetSession) StartWithoutGPU(ctx context.Context, profile string) error {
	m, err := s.Fleet.Manager(profile)
	if err != nil {
		return err
	}
	return m.StartWithoutGPU(ctx)
}

// UndoUpdate is [runtime.Manager.UndoUpdate] for the runtime of a profile.
func (s *FleetSession) UndoUpdate(ctx context.Context, profile string) error {
	m, err := s.Fleet.Manager(profile)
	if err != nil {
		return err
	}
	return m.UndoUpdate(ctx)
}

// Delete deletes the container of a profile and, if asked, its data, of which it
// returns the backup.
func (s *FleetSession) Delete(ctx context.Context, profile string, payload bool) (backup string, err error) {
	m, err := s.Fleet.Manager(profile)
	if err != nil {
		return "", err
	}
	deleted, err := m.Delete(ctx, data.DeleteOptions{Data: payload})
	return deleted.Backup, err
}

// Lost returns how many bytes of files the container of a profile alone has.
func (s *FleetSession) Lost(ctx context.Context, profile string) (int64, error) {
	m, err := s.Fleet.Manager(profile)
	if err != nil {
		return 0, err
	}
	goes, err := m.PlanDelete(ctx)
	return goes.Lost.Bytes, err
}

// DataSize returns how big the data of a profile are, in bytes; negative when
// the engine does not know.
func (s *FleetSession) DataSize(ctx context.Context, profile string) (int64, error) {
	m, err := s.Fleet.Manager(profile)
	if err != nil {
		return 0, err
	}
	size, _, err := m.DataSize(ctx)
	return size, err
}

// KeepRunning is [runtime.Manager.KeepRunning] for the runtime of a profile.
func (s *FleetSession) KeepRunning(profile string) {
	if m, err := s.Fleet.Manager(profile); err == nil {
		m.KeepRunning()
	}
}

// guide returns the guide to the runtime of a profile.
func (s *FleetSession) guide(profile string) (*guide.Guide, error) {
	one, err := s.of(profile)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.guides[profile] == nil {
		s.guides[profile] = one.NewGuide(s.version)
	}
	return s.guides[profile], nil
}

// OpenGuide opens the guide to the runtime of the current profile.
func (s *FleetSession) OpenGuide(ctx context.Context) error {
	g, err := s.guide(s.Fleet.Overview().Current)
	if err != nil {
		return err
	}
	return OpenGuide(ctx, g)
}

// OpenJupyter opens the page of the Jupyter of a profile's runtime.
func (s *FleetSession) OpenJupyter(ctx context.Context, profile string) error {
	g, err := s.guide(profile)
	if err != nil {
		return err
	}
	return OpenJupyter(ctx, g)
}

// CloseGuides ends the guides that are open.
func (s *FleetSession) CloseGuides() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.guides {
		g.Close()
	}
}

// settled waits until every snapshot tells something.
func (s *FleetSession) settled(ctx context.Context) ([]runtime.Snapshot, error) {
	for o := range s.Fleet.Watch(ctx) {
		known := true
		for _, snapshot := range o.Runtimes {
			known = known && snapshot.State != runtime.Unknown
		}
		if known {
			return o.Runtimes, nil
		}
	}
	return nil, context.Cause(ctx)
}

// runTray shows the tray. Where there is none it does what a click on the icon
// would: it starts the runtime.
func runTray(ctx context.Context, in *invocation) error {
	if err := in.HasTray(ctx); err != nil {
		fmt.Fprintln(in.Stderr, i18n.T("cli.noTray", "cause", i18n.Error(err)))
		return runStart(ctx, in)
	}
	// What is below is the work of one tray: the next one at the same time would
	// start a runtime that the first one has stopped, and guard it twice.
	release, alone, err := in.AcquireInstance(ctx, in.log())
	defer release()
	if err != nil || !alone {
		return err
	}
	if dir := config.StateDir(); config.EnsurePrivateDir(dir) == nil {
		file := logfile.Open(filepath.Join(dir, "colab-tray.log"))
		defer file.Close()
		in.logFile = file
	}
	settings, err := in.readSettings()
	if err != nil {
		return err
	}
	s, err := in.openFleet(settings, runtime.Options{Tokens: trayTokens(in.log()), StopIdle: true})
	if err != nil {
		return err
	}
	s.run(s.Fleet.Run, func(ctx context.Context) { settings.follow(ctx, s.Fleet) }, s.startAtOpen)
	defer s.Close()
	s.Log.Info("the tray begins", "version", in.Version, "system", goruntime.GOOS+"/"+goruntime.GOARCH, "profile", settings.chosen)
	if err := data.PruneBackups(data.BackupDir(), time.Now()); err != nil {
		s.Log.Warn("old backups could not be removed", "error", err)
	}
	return in.Tray(ctx, s)
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
