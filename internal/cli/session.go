package cli

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine/docker"
	"colabtray/internal/runtime"
)

// connection is what all sessions have: an engine, and what runs on it.
type connection struct {
	// Log is where the program tells what goes on.
	Log *slog.Logger

	link    *runtime.Link
	options runtime.Options
	engine  *docker.Engine
	end     context.CancelFunc
	ending  sync.WaitGroup
}

// connect connects to the engine. A terminal has no options: the tray is to
// learn of a token that changed meanwhile, and stops what is idle.
func (in *invocation) connect(o runtime.Options) (*connection, error) {
	engine, err := docker.New("")
	if err != nil {
		return nil, err
	}
	o.Server, o.Log = server(), in.log()
	engine.LogTo(o.Log)
	return &connection{Log: o.Log, link: runtime.NewLink(engine, o.Log), options: o, engine: engine}, nil
}

// run runs the link and what is on it until Close.
func (c *connection) run(parts ...func(context.Context)) {
	ctx, end := context.WithCancel(context.Background())
	c.end = end
	for _, part := range append(parts, c.link.Run) {
		c.ending.Go(func() { part(ctx) })
	}
}

// Close ends the connection. The runtimes go on.
func (c *connection) Close() {
	c.end()
	c.ending.Wait()
	_ = c.engine.Close()
}

// Session is a connection to the runtime of the chosen profile.
type Session struct {
	*connection
	// Runtime is the runtime itself.
	Runtime *runtime.Manager
	// Profile is what it is made from.
	Profile config.Profile
}

// open reads the settings and connects to the engine.
func (in *invocation) open() (*Session, error) {
	settings, err := config.Load(in.sources())
	if err != nil {
		return nil, err
	}
	c, err := in.connect(runtime.Options{})
	if err != nil {
		return nil, err
	}
	s := &Session{c, runtime.NewManager(c.link, settings.Profile, c.options), settings.Profile}
	s.run(s.Runtime.Run)
	return s, nil
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

// settled waits for the first snapshot that tells something.
func (s *Session) settled(ctx context.Context) (runtime.Snapshot, error) {
	for snapshot := range s.Runtime.Watch(ctx) {
		if snapshot.State != runtime.Unknown {
			return snapshot, nil
		}
	}
	return runtime.Snapshot{}, context.Cause(ctx)
}

// isTerminal reports whether something is shown to a person right away.
func isTerminal(w any) bool {
	if s, is := w.(screen); is {
		w = s.unfiltered
	}
	f, is := w.(*os.File)
	if !is {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
