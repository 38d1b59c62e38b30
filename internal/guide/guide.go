// Package guide owns the program's window in the browser: a local web page that
// shows one of its pages at a time. They are Runtime (state, Backend URL, output),
// Connect (the steps in Colab), Files, Resources, Settings and Help.
//
// The window is served on 127.0.0.1 only while somebody looks at it. Every request
// must come from a program of the person's own. A key that works once opens the
// page, which exchanges it for a secret that the browser keeps for this origin:
// scheme, host and port. All other requests need the secret and must come from the
// page; only its own files, which say nothing of the person, need no secret. The page
// loads nothing from other servers. An address of the guide also redirects to the
// runtime's own Jupyter page, so that the browser's command line contains a key
// instead of the token.
//
// The package does not own what it shows: [Options] brings the runtime, the check
// and the report.
package guide

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/gpu"
	"colabtray/internal/install"
	"colabtray/internal/jupyter"
	"colabtray/internal/packages"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Runtime is what the guide needs of a runtime. *[runtime.Manager] implements it.
type Runtime interface {
	Profile() config.Profile
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Restart(ctx context.Context) error
	Repair(ctx context.Context) error
	Watch(ctx context.Context) <-chan runtime.Snapshot
	Snapshot() runtime.Snapshot
	Logs(ctx context.Context, w io.Writer, options runtime.LogOptions) error
	Stats(ctx context.Context) <-chan engine.Usage
	Page(ctx context.Context) (path string, err error)
	Files
	Versions(ctx context.Context) (image, jupyter string)
	Data
	Updates
	Kernels
	FolderQuestion(ctx context.Context, f config.Folder) string
	Listening(ctx context.Context) ([]runtime.Listener, error)
	CardsThere(ctx context.Context) ([]string, error)
}

var _ Runtime = (*runtime.Manager)(nil)

// Options is what the guide works with. All fields but Idle, Acts and OpenFolder are
// required.
type Options struct {
	Runtime Runtime
	// Check does what Colab's page does, and calls tell with each finished step.
	// Neither the steps nor the report contain the token.
	Check func(ctx context.Context, tell func(colab.Step)) (colab.Report, error)
	// Report returns a report for finding out what is wrong, without secrets.
	Report func(ctx context.Context) string
	// Folders are those that the page lists, adds and removes.
	Folders Folders
	// Settings are those that the page shows and changes.
	Settings Settings
	// Connecting has what the page "Connect" needs besides the runtime.
	Connecting Connecting
	// Install returns how to get an engine on this system.
	Install func() install.Help
	// Packages lists the Python packages that the container has and its image has
	// not. KeepPackages writes those of the names, or all without names, into the
	// settings. Errors can be a *[problem.Problem].
	Packages     func(ctx context.Context) (packages.List, error)
	KeepPackages func(ctx context.Context, names []string) error
	// GPU returns the usage of this computer's graphics cards until ctx ends. It
	// is called only while the page is visible, and closes its channel where
	// there are no cards.
	GPU func(ctx context.Context) <-chan gpu.Usage
	// OpenFolder shows a folder of this computer in the desktop's file manager; nil
	// where that cannot be done.
	OpenFolder func(ctx context.Context, dir string) error
	// Recent has the notebooks that were opened last.
	Recent *colab.Recent
	// Acts reports whether Act can carry out an act; nil means that it can none.
	Acts func(problem.Act) bool
	// Act carries out an act.
	Act func(ctx context.Context, a problem.Act) error
	// Version is the version of the program.
	Version string
	// Idle is how long the guide listens while nobody looks at it; 0 means ten
	// minutes.
	Idle time.Duration
	// Log gets the requests that were refused and the errors, and never a key.
	Log *slog.Logger
}

// Guide serves the page. It listens from when an address is asked for until nobody
// has looked at the page for [Options.Idle].
type Guide struct {
	Options

	mu           sync.Mutex
	session      *session       // nil while the guide does not listen
	ended        chan struct{}  // closed once the guide does not listen any more
	message      *actionMessage // result of the last action; nil for none
	messageState runtime.State  // message is shown while the runtime has this state
	updated      chan struct{}  // closed when message changes
	url          jupyter.BackendURL
	serial       int // number of different Backend URLs so far

	worker worker
}

// New returns a guide that does not listen yet.
func New(o Options) *Guide {
	if o.Idle == 0 {
		o.Idle = 10 * time.Minute
	}
	ended := make(chan struct{})
	close(ended)
	return &Guide{Options: o, ended: ended, updated: make(chan struct{}), worker: worker{changed: make(chan struct{})}}
}

// URL returns an address of the guide that works once, and starts to listen if
// necessary. The first program of the person's that opens the address gets in: give
// it only to the person's browser or terminal.
func (g *Guide) URL(ctx context.Context) (string, error) { return g.address(ctx, "/") }

// JupyterURL returns an address that redirects to the runtime's own Jupyter page,
// token included. The address itself contains a key instead of the token: others
// can read the key on the browser's command line, but cannot use it. JupyterURL
// fails where Jupyter has no page.
func (g *Guide) JupyterURL(ctx context.Context) (string, error) {
	if _, err := g.Runtime.Page(ctx); err != nil {
		return "", err
	}
	return g.address(ctx, jupyterPath)
}

// address returns the address of a path with a new key.
func (g *Guide) address(ctx context.Context, path string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session != nil {
		if key, ok := g.session.newKey(); ok {
			return g.session.origin + path + "?key=" + key, nil
		}
	}
	s, err := g.listen(ctx)
	if err != nil {
		return "", fmt.Errorf("guide: %w", err)
	}
	g.session, g.ended = s, s.ended
	key, _ := s.newKey()
	return s.origin + path + "?key=" + key, nil
}

// Wait returns nil once the guide does not listen any more: nobody has looked at the
// page for a while, or [Guide.Close] was called. It returns ctx's error when ctx ends
// before.
func (g *Guide) Wait(ctx context.Context) error {
	g.mu.Lock()
	ended := g.ended
	g.mu.Unlock()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close stops listening, and waits for the requests under way. A start or stop that
// was asked for goes on. The guide can be opened again.
func (g *Guide) Close() {
	g.mu.Lock()
	s := g.session
	g.mu.Unlock()
	if s != nil {
		s.close()
		<-s.ended
	}
}

// forget removes a session that does not listen any more.
func (g *Guide) forget(s *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session == s {
		g.session = nil
	}
}

// secret returns 32 random letters and digits, which nobody can guess.
func secret() string { return rand.Text() + rand.Text()[:6] }
