package cli

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/runtime"
)

// Connection is the engines in use, and what runs on them.
type Connection struct {
	// Log is where the program tells what goes on.
	Log *slog.Logger

	links   *runtime.Links
	options runtime.Options
	end     context.CancelFunc
	ending  sync.WaitGroup
}

// connect connects to engines. A terminal has no options: the tray is to
// learn of a token that changed meanwhile, stops what is idle, and asks registries.
func (in *invocation) connect(o runtime.Options, p config.Preferences) *Connection {
	o.Server, o.Log = server(), in.log()
	o.News = runtime.NewImageNews(filepath.Join(config.StateDir(), "images.json"), p.NewerImage, o.Log)
	o.Starts = runtime.NewStartTimes(filepath.Join(config.StateDir(), "starts.json"), o.Log)
	open := func(address string) engine.Engine { return in.Engine(address, o.Log) }
	return &Connection{Log: o.Log, links: runtime.NewLinks(open, o.Log), options: o}
}

// Run runs the connection, and parts that need it, until Close.
func (c *Connection) Run(parts ...func(context.Context)) {
	ctx, end := context.WithCancel(context.Background())
	c.end = end
	for _, part := range append(parts, c.links.Run) {
		c.ending.Go(func() { part(ctx) })
	}
}

// Close ends the connection. The runtimes go on.
func (c *Connection) Close() {
	c.end()
	c.ending.Wait()
	c.links.Close()
}

// Fleet returns the runtimes of profiles, of which one is the current one. Run has to
// run it.
func (c *Connection) Fleet(profiles map[string]config.Profile, current string) *runtime.Fleet {
	return runtime.NewFleet(c.links, profiles, current, c.options)
}

// Session returns the session of a runtime, whose settings are followed. It ends with
// the connection.
func (c *Connection) Session(m *runtime.Manager, settings *Settings) *Session {
	p := m.Profile()
	return &Session{Connection: c, Runtime: m, Profile: p, settingsFile: settings.File(), overrides: settings.overrides(p.Name)}
}

// Session is a connection to the runtime of the chosen profile.
type Session struct {
	*Connection
	// Runtime is the runtime itself.
	Runtime *runtime.Manager
	// Profile is what it is made from.
	Profile config.Profile

	settingsFile string
	// reload reads the profile again; nil where somebody follows the settings file.
	reload func() (config.Profile, error)
	// overrides are the settings of the profile that flags and environment give.
	overrides map[config.Place]string
}

// open reads the settings and connects to the engine of the profile.
func (in *invocation) open() (*Session, error) {
	settings, err := config.Load(in.sources())
	if err != nil {
		return nil, err
	}
	var options runtime.Options
	if in.stays && isHeld(settings.Profile) {
		options = runtime.Options{StopIdle: true, WakeFor: colab.Origin}
	}
	c := in.connect(options, settings.Preferences)
	s := &Session{
		Connection: c, Runtime: runtime.NewManager(c.links.Use(settings.Profile.Engine), settings.Profile, c.options), Profile: settings.Profile,
		settingsFile: in.sources().File, overrides: in.sources().Overrides(),
	}
	s.reload = func() (config.Profile, error) { return in.profileOf(s.Profile.Runtime) }
	s.Run(s.Runtime.Run)
	return s, nil
}

// profileOf returns the profile of a runtime as the settings are now.
func (in *invocation) profileOf(runtime string) (config.Profile, error) {
	from := in.sources()
	from.Flags = from.Flags.With("name", runtime)
	settings, err := config.Load(from)
	return settings.Profile, err
}

// server is what the package colab puts into containers.
func server() runtime.Server {
	return runtime.Server{
		Cmd:           colab.StartCommand(),
		Files:         colab.ServerFiles,
		HandmadeFiles: colab.HandmadeFiles(),
		Ours:          colab.IsOurs,
	}
}

// settled waits for the first snapshot that tells something, also of a container that
// another program is replacing.
func (s *Session) settled(ctx context.Context) (runtime.Snapshot, error) {
	for snapshot := range s.Runtime.Watch(ctx) {
		if snapshot.State != runtime.Unknown {
			return s.Runtime.WithReplacement(ctx, snapshot)
		}
	}
	return runtime.Snapshot{}, context.Cause(ctx)
}
