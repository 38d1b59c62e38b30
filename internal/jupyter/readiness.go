package jupyter

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

// How the watch for Jupyter's answer looks when nothing tells it to.
const (
	firstDelay   = 50 * time.Millisecond // grows by half each time ...
	longestDelay = 3 * time.Second       // ... up to this
	echo         = longestDelay / 2      // how long after a look its traces may come in the output
	patience     = 2 * time.Minute       // of silence, until that is a problem
	endurance    = 30 * time.Minute      // however much the container says
	rarely       = 15 * time.Second      // and from then on
	AskTimeout   = 10 * time.Second      // for one look
	refusedTime  = 2 * time.Second       // that a port refuses us though Jupyter is up
)

// A Report is what a watch for Jupyter's answer has found out.
type Report interface{ isReport() }

type (
	// Answer: Jupyter answered an authenticated request.
	Answer struct {
		// URL is the Backend URL that was accepted.
		URL BackendURL
		// Open is where others reach a container that has no network of its own.
		Open string
		// Changed tells that the token is another than that of the last run.
		Changed bool
		// Settings is what is to be known of our settings in the server; nil for
		// nothing.
		Settings *problem.Problem
	}
	// Silent: Jupyter did not answer the first look.
	Silent struct{}
	// Fault: Jupyter has not answered for long, or no longer, or not in a way that
	// Colab can use.
	Fault struct{ Problem *problem.Problem }
	// Root: the server shows the files of this directory.
	Root struct{ Dir string }
)

func (Answer) isReport() {}
func (Silent) isReport() {}
func (Fault) isReport()  {}
func (Root) isReport()   {}

// Watch waits for Jupyter's answer in one run of a container. The container's
// output tells when to look; inspection of the server's own info file and an
// authenticated request tell what is so.
type Watch struct {
	Engine    engine.Engine
	Info      engine.Info // of the engine
	Kind      config.Kind
	HostPort  int // of this computer that leads to Jupyter; 0 for none
	Container engine.Container
	Recheck   <-chan struct{} // look again now; can be nil
	Tokens    *TokenStore     // nil to remember none
	Asking    time.Duration   // for one look
	Post      func(Report)
	send      func(*http.Request) (*http.Response, error)

	token    secret.Secret // the one that was answered last
	answered bool
	asides   sync.WaitGroup
}

// UntilReady waits with a watch until Jupyter in its container answers. It returns a *[Problem] when
// Jupyter does not for long, or ctx's error.
func UntilReady(ctx context.Context, w *Watch) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ready := errors.New("it answers")
	w.Post = func(r Report) {
		switch r := r.(type) {
		case Answer:
			cancel(ready)
		case Fault:
			cancel(r.Problem)
		}
	}
	w.Run(ctx)
	if err := context.Cause(ctx); !errors.Is(err, ready) {
		return err
	}
	return nil
}

// Run watches until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	if w.HostPort == 0 {
		w.Post(Fault{unpublishedProblem(w.Container, w.Info.Command)})
		return
	}
	if w.send == nil {
		inner, _, _ := w.Container.Published(w.HostPort)
		route, err := w.Engine.Reach(ctx, w.Container, inner)
		if err != nil {
			w.Post(Fault{silenceProblem(w.Container, w.HostPort, err)})
			return
		}
		defer route.Close()
		w.send = func(r *http.Request) (*http.Response, error) { return askBy(r, route.Dial) }
	}
	h := logSignals{announced: make(chan secret.Secret, 16), sawOutput: make(chan struct{}, 1)}
	var following sync.WaitGroup
	defer following.Wait()
	defer w.asides.Wait()
	following.Go(func() { w.followOutput(ctx, h) })
	w.wait(ctx, h)
}

// logSignals is what the container's output tells the watch.
type logSignals struct {
	announced chan secret.Secret // a line with an address, and the token in it
	sawOutput chan struct{}      // any line
}

// activeProbe is one look for an answer, under way.
type activeProbe struct {
	hint   secret.Secret
	hinted bool // the output announced something, if not a token
	cancel context.CancelFunc
	over   chan struct{} // closed when found is there
	found  probeResult
}

// wait looks for an answer at once, at every announcement in the output, and
// while there is none at growing intervals. An announcement replaces the look
// under way: a request that went out before Jupyter listened can hang for a
// second, until the network sends it anew. It does not replace the look at
// another announcement, which anybody may forge.
func (w *Watch) wait(ctx context.Context, h logSignals) {
	p := newPace()
	defer p.end()
	g := &activeProbe{cancel: func() {}}
	defer func() { g.end() }()
	var next *secret.Secret // announced while another one was looked at
	for {
		select {
		case <-ctx.Done():
			return
		case hint := <-h.announced:
			p.sawAnnouncement()
			switch {
			case w.answered && (hint.IsZero() || hint == w.token), g.over != nil && g.hinted && g.hint == hint:
			case g.over != nil && g.hinted:
				next = &hint
			default:
				g.end()
				g = w.startProbe(ctx, hint, true, p)
			}
		case <-w.Recheck:
			g.end()
			g = w.startProbe(ctx, secret.Secret{}, false, p)
		case <-p.again.C:
			if g.over != nil && g.hinted {
				continue // it knows more than a new one would
			}
			g.end()
			g = w.startProbe(ctx, secret.Secret{}, false, p)
		case <-h.sawOutput: // it installs something, say
			if g.over == nil && !w.answered {
				p.sawOutput()
			}
		case <-p.tooLong.C:
			if p.expire() {
				w.Post(Fault{silenceProblem(w.Container, w.HostPort, nil)})
			}
		case <-g.over:
			found := g.found
			g.over = nil
			if ctx.Err() != nil {
				return
			}
			w.handleResult(ctx, found, p)
			if next != nil && (!w.answered || *next != w.token) {
				g = w.startProbe(ctx, *next, true, p)
			}
			next = nil
		}
	}
}

// handleResult tells what a look has found, and when to look again.
func (w *Watch) handleResult(ctx context.Context, f probeResult, p *probeSchedule) {
	first := p.first
	p.probed(f)
	if f.err == nil {
		p.stop()
		if !w.answered || f.token != w.token {
			w.accept(ctx, f)
		}
		return
	}
	fault := f.configProblem
	if fault == nil && !p.served && p.isRefused() {
		fault = elsewhereProblem(w.Info, w.HostPort, f.err)
	}
	switch {
	case fault != nil:
		if !p.shouldReport(fault) {
			w.Post(Fault{fault})
		}
	case w.answered: // it did answer, and no longer does
		p.shouldReport(nil)
		w.Post(Fault{silenceProblem(w.Container, w.HostPort, f.err)})
	case first:
		w.Post(Silent{})
	}
	w.answered = false
	p.wait()
}

// startProbe begins a look.
func (w *Watch) startProbe(ctx context.Context, hint secret.Secret, hinted bool, p *probeSchedule) *activeProbe {
	limit := w.Asking
	if !hinted {
		limit = p.probeTimeout(limit)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	g := &activeProbe{hint: hint, hinted: hinted, cancel: cancel, over: make(chan struct{})}
	known, isThorough := w.token, p.isThorough()
	go func(over chan<- struct{}) {
		defer cancel()
		g.found = w.probe(ctx, known, hint, isThorough)
		close(over)
	}(g.over)
	return g
}

// end cancels a look that is under way, and waits for its end.
func (g *activeProbe) end() {
	g.cancel()
	if g.over != nil {
		<-g.over
		g.over = nil
	}
}

// accept posts the Backend URL of the token that was accepted.
func (w *Watch) accept(ctx context.Context, f probeResult) {
	if !w.answered {
		w.asides.Go(func() { w.findRoot(ctx) })
	}
	w.answered, w.token = true, f.token
	w.Post(Answer{
		URL:      NewBackendURL(w.HostPort, f.token).LocalhostTaken(localhostTaken(ctx, w.Container, w.HostPort)),
		Open:     OpenOnHost(ctx, w.Container, w.HostPort),
		Changed:  w.Tokens.Changed(w.Container.Name, f.token),
		Settings: w.settings(f.settings),
	})
}

// findRoot tells whose files the server shows, which nobody waits for.
func (w *Watch) findRoot(ctx context.Context) {
	files, _ := InfoFiles(ctx, w.Engine, w.Container)
	if root := ServerRoot(files); root != "" {
		w.Post(Root{root})
	}
}

// settings tells what is to be known of our settings in a server that answers.
func (w *Watch) settings(message string) *problem.Problem {
	if w.Kind == config.KindColab || !w.Container.Ours() {
		return nil
	}
	if message == "" {
		return notInForceProblem(w.Container)
	}
	var overruled []string
	for _, name := range strings.Split(message, ",") { // of which the container can make what it wants
		if slices.Contains(overrulable, name) && !slices.Contains(overruled, name) {
			overruled = append(overruled, name)
		}
	}
	if len(overruled) == 0 {
		return nil
	}
	return overruledProblem(w.Container, overruled)
}

// overrulable are the settings of Jupyter that ours overrule.
var overrulable = []string{
	"base_url", "certfile", "keyfile", "client_ca", "ssl_options", "sock", "ip", "port", "port_retries", "token",
}

// askJupyter makes a request of Jupyter at its address.
func askJupyter(request *http.Request) (*http.Response, error) {
	return askBy(request, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", request.URL.Host)
	})
}

// askBy makes a request of Jupyter: it keeps no connection open, uses no proxy and
// follows no redirect. A connection that is being made ends with the request: of
// itself, where a port leads to a container that is gone, it would go on for
// minutes.
func askBy(request *http.Request, dial func(context.Context) (net.Conn, error)) (*http.Response, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return dial(request.Context())
		},
	}
	return transport.RoundTrip(request)
}

// followOutput hands on the announcements in the run's output. Where it cannot
// be followed the timer of wait has to do; where it breaks off it is opened again.
func (w *Watch) followOutput(ctx context.Context, h logSignals) {
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		stream, err := w.Engine.Logs(ctx, w.Container, engine.LogQuery{Since: w.Container.OutputSince(), Tail: 1000, Follow: true})
		if err == nil {
			stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
			_ = engine.EachLine(stream, func(line string) {
				select {
				case h.sawOutput <- struct{}{}:
				default:
				}
				if token, is := announcement(line); is {
					select {
					case h.announced <- token:
					default: // enough are waiting
					}
				}
			})
			stop()
			_ = stream.Close()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
	}
}
