package cli

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/runtime"
)

// Session is a connection to the runtime of the chosen profile.
type Session struct {
	// Runtime is the runtime itself.
	Runtime *runtime.Manager
	// Profile is what it is made from.
	Profile config.Profile
	// Preferences are those of the program itself.
	Preferences config.Preferences
	// Log is where the program tells what goes on.
	Log *slog.Logger

	end    context.CancelFunc
	ending sync.WaitGroup
	engine *runtime.Docker
}

// open reads the settings and connects to the engine. tokens is nil in a
// terminal, so that the tray learns of a token that changed meanwhile.
func (in *invocation) open(tokens func(*slog.Logger) *runtime.TokenStore) (*Session, error) {
	settings, err := config.Load(in.sources())
	if err != nil {
		return nil, err
	}
	engine, err := runtime.NewDocker("")
	if err != nil {
		return nil, &runtime.Problem{
			Code:    runtime.CodeNoEngine,
			Short:   "The address of Docker makes no sense",
			Hint:    "DOCKER_HOST, or a variable beside it, is wrong: " + err.Error(),
			Command: "unset DOCKER_HOST",
			Err:     err,
		}
	}
	s := &Session{Profile: settings.Profile, Preferences: settings.Preferences, Log: in.log(), engine: engine}
	options := runtime.Options{Server: server(), Log: s.Log}
	if tokens != nil {
		options.Tokens = tokens(s.Log)
	}
	link := runtime.NewLink(engine, s.Log)
	s.Runtime = runtime.NewManager(link, settings.Profile, options)
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.ending.Go(func() { link.Run(ctx) })
	s.ending.Go(func() { s.Runtime.Run(ctx) })
	return s, nil
}

// Close ends the connection. The runtime goes on.
func (s *Session) Close() {
	s.end()
	s.ending.Wait()
	_ = s.engine.Close()
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
	f, is := w.(*os.File)
	if !is {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
