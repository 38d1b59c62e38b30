// Package guide owns the page that leads a person to a connected notebook: a
// local web page with the state of the runtime, its Backend URL, the steps in
// Colab, the check, what the runtime uses, and its output.
//
// The page is served on 127.0.0.1 while somebody looks at it, and nobody
// listens otherwise. Whoever asks has to be a program of the person's own.
// Opening the page needs a key that works once; everything else needs the cookie
// that the key was exchanged for, and comes from the page itself. Nothing on the
// page comes from elsewhere. The way to the page of the runtime's own Jupyter is an
// address here, too: a key stands in the token's place on the browser's command line.
//
// The package does not own what it shows: the runtime, the check and the report
// are handed to it.
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
	"colabtray/internal/runtime"
)

// Runtime is what the guide needs of a runtime; *[runtime.Manager] is one.
type Runtime interface {
	Profile() config.Profile
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Restart(ctx context.Context) error
	Watch(ctx context.Context) <-chan runtime.Snapshot
	Snapshot() runtime.Snapshot
	Logs(ctx context.Context, w io.Writer, options runtime.LogOptions) error
	Stats(ctx context.Context) <-chan engine.Usage
	Page(ctx context.Context) (path string, err error)
}

var _ Runtime = (*runtime.Manager)(nil)

// Options is what the guide works with. All but Idle are needed.
type Options struct {
	Runtime Runtime
	// Check tries what Colab's page does, and tells each step as it is over.
	// Nothing of it holds the token.
	Check func(ctx context.Context, tell func(colab.Step)) (colab.Report, error)
	// Report tells all that helps to find out what is wrong, without secrets.
	Report func(ctx context.Context) string
	// Install tells how to get an engine on this system.
	Install func() install.Help
	// GPU tells what the graphics cards of this computer do; it is asked only
	// while somebody looks, and closes its channel where there are none.
	GPU func(ctx context.Context) <-chan gpu.Usage
	// Version is that of the program.
	Version string
	// Idle is how long the guide stays without anybody who looks at it; 0 for
	// ten minutes.
	Idle time.Duration
	// Log gets what goes on; never a key.
	Log *slog.Logger
}

// Guide is the page. It begins to listen when its address is asked for, and
// ends by itself when nobody has looked at it for a while.
type Guide struct {
	Options

	mu           sync.Mutex
	session      *session       // nil while nobody listens
	ended        chan struct{}  // closed once nobody listens any more
	message      *actionMessage // what the last action came to; nil for nothing to say
	messageState runtime.State  // the state in which it came to that, and is of the past after it
	updated      chan struct{}  // closed when said changes
	url          jupyter.BackendURL
	serial       int // counts the Backend URLs
}

// New makes a guide.
func New(o Options) *Guide {
	if o.Idle == 0 {
		o.Idle = 10 * time.Minute
	}
	ended := make(chan struct{})
	close(ended)
	return &Guide{Options: o, ended: ended, updated: make(chan struct{})}
}

// URL returns an address of the guide that works once, and begins to listen if
// need be. The address is good for whoever has it first: it is for the person's
// browser, or their terminal.
func (g *Guide) URL(ctx context.Context) (string, error) { return g.address(ctx, "/") }

// JupyterURL returns an address that leads to the page of the runtime's own
// Jupyter, which asks for its token. The address has a key in the token's place:
// others can read it on the browser's command line, and cannot use it. It fails
// where Jupyter has no page.
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
	v, err := g.listen(ctx)
	if err != nil {
		return "", fmt.Errorf("guide: %w", err)
	}
	g.session, g.ended = v, v.ended
	key, _ := v.newKey()
	return v.origin + path + "?key=" + key, nil
}

// Wait returns nil once nobody listens any more, because nobody has looked at
// the page for a while or because of [Guide.Close]; or ctx's error.
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

// Close ends the page and waits for what it was doing. A start or stop that
// was asked for goes on. The guide can be opened again.
func (g *Guide) Close() {
	g.mu.Lock()
	v := g.session
	g.mu.Unlock()
	if v != nil {
		v.close()
		<-v.ended
	}
}

// forget is told that a visit listens no more.
func (g *Guide) forget(v *session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.session == v {
		g.session = nil
	}
}

// secret returns a new one: 32 letters and digits that nobody can guess.
func secret() string { return rand.Text() + rand.Text()[:6] }
