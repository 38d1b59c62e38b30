package jupyter

import (
	"cmp"
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

// The times of a [Watch].
const (
	firstDelay     = 50 * time.Millisecond // between probes; grows by half each time ...
	longestDelay   = 3 * time.Second       // ... up to this
	echo           = longestDelay / 2      // output this soon after a probe may be caused by it
	patience       = 2 * time.Minute       // without output, until silence is a problem
	endurance      = 30 * time.Minute      // after which output no longer extends patience
	reportedDelay  = 15 * time.Second      // longest delay between probes after a problem was reported
	RequestTimeout = 10 * time.Second      // of one probe
	startTime      = 2 * time.Second       // after its container's start, in which Jupyter announces itself
	refusedTime    = 2 * time.Second       // for which a port may refuse connections after Jupyter is up
)

// Report is what a [Watch] reports.
type Report interface{ isReport() }

type (
	// Answer reports that Jupyter answered an authenticated request.
	Answer struct {
		// URL is the Backend URL that was accepted.
		URL BackendURL
		// Open is the address at which other computers reach a container on the host's
		// network; empty for none.
		Open string
		// Changed tells that the token differs from that of the last run.
		Changed bool
		// Settings is a problem with our settings in the server; nil for none.
		Settings *problem.Problem
	}
	// Silent reports that Jupyter did not answer the first probe.
	Silent struct{}
	// Fault reports that Jupyter has not answered for too long, or no longer answers,
	// or has a configuration that Colab cannot use.
	Fault struct{ Problem *problem.Problem }
	// Root reports the root directory of the server's files.
	Root struct{ Dir string }
)

func (Answer) isReport() {}
func (Silent) isReport() {}
func (Fault) isReport()  {}
func (Root) isReport()   {}

// Watch waits for Jupyter's answer in one run of a container. Lines of the container's
// output tell it when to probe. An authenticated request, with a token from the output
// or the server's info file, tells whether Jupyter is ready.
type Watch struct {
	Engine    engine.Engine
	Info      engine.Info // describes the engine
	Kind      config.Kind
	HostPort  int // the port of this computer that leads to Jupyter; 0 for none
	Container engine.Container
	Recheck   <-chan struct{} // a value asks for a probe now; can be nil
	Tokens    *TokenStore     // nil to remember no token
	TokenName string          // the token's name in Tokens; empty for the container's
	Timeout   time.Duration   // of one probe
	Post      func(Report)    // receives the reports
	send      func(*http.Request) (*http.Response, error)
	onlyReady bool // the first answer ends the watch

	token      secret.Secret // the token accepted last
	answered   bool
	background sync.WaitGroup
}

// UntilReady runs a watch until Jupyter answers. It returns a [*problem.Problem] when
// Jupyter has not answered for too long, or the error of ctx.
func UntilReady(ctx context.Context, w *Watch) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ready := errors.New("ready")
	w.onlyReady = true
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

// Run posts reports until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	if w.HostPort == 0 {
		w.Post(Fault{unpublishedProblem(w.Container, w.Info.Command)})
		return
	}
	if w.send == nil {
		route, err := w.Engine.Reach(ctx, w.Container, InnerPort(w.Container, w.Kind))
		if err != nil {
			w.Post(Fault{silenceProblem(w.Container, w.HostPort, err)})
			return
		}
		defer route.Close()
		w.send = func(r *http.Request) (*http.Response, error) { return sendBy(r, route.Dial) }
	}
	signals := logSignals{announced: make(chan secret.Secret, 16), sawOutput: make(chan struct{}, 1)}
	var following sync.WaitGroup
	defer following.Wait()
	defer w.background.Wait()
	following.Go(func() { w.followOutput(ctx, signals) })
	w.wait(ctx, signals)
}

// logSignals are what the container's output tells the watch.
type logSignals struct {
	announced chan secret.Secret // the token in a line that announces a URL; may be empty
	sawOutput chan struct{}      // any line
}

// activeProbe is a probe that may be in progress.
type activeProbe struct {
	hint   secret.Secret
	hinted bool // an announcement started the probe, even if without a token
	cancel context.CancelFunc
	done   chan struct{} // closed once result is set; nil when no probe is in progress
	result probeResult
}

// wait probes at once, at every announcement in the output, and otherwise at growing
// intervals. An announcement replaces the probe in progress: a request that was sent
// before Jupyter listened can hang for a second, until the network sends it again. It
// does not replace a probe for another announcement, because anybody can forge one.
func (w *Watch) wait(ctx context.Context, signals logSignals) {
	p := newSchedule(w.Container.StartedAt)
	defer p.end()
	probe := &activeProbe{cancel: func() {}}
	defer func() { probe.end() }()
	var next *secret.Secret // announced during the probe for another announcement
	for {
		select {
		case <-ctx.Done():
			return
		case hint := <-signals.announced:
			p.sawAnnouncement()
			switch {
			case w.answered && (hint.IsZero() || hint == w.token), probe.done != nil && probe.hinted && probe.hint == hint:
			case probe.done != nil && probe.hinted:
				next = &hint
			default:
				probe.end()
				probe = w.startProbe(ctx, hint, true, p)
			}
		case <-w.Recheck:
			probe.end()
			probe = w.startProbe(ctx, secret.Secret{}, false, p)
		case <-p.again.C:
			if probe.done != nil && probe.hinted {
				continue // the probe in progress has a token to try
			}
			probe.end()
			probe = w.startProbe(ctx, secret.Secret{}, false, p)
		case <-signals.sawOutput: // such as of an installation before the start
			if probe.done == nil && !w.answered {
				p.sawOutput()
			}
		case <-p.tooLong.C:
			if p.expire() {
				w.Post(Fault{silenceProblem(w.Container, w.HostPort, nil)})
			}
		case <-probe.done:
			result := probe.result
			probe.done = nil
			if ctx.Err() != nil {
				return
			}
			w.handleResult(ctx, result, p)
			if next != nil && (!w.answered || *next != w.token) {
				probe = w.startProbe(ctx, *next, true, p)
			}
			next = nil
		}
	}
}

// handleResult reports the result of a probe, and schedules the next one.
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
	if fault == nil && !p.served && p.isRefused() && !w.Info.Forwarded {
		fault = elsewhereProblem(w.Info, w.HostPort, f.err)
	}
	switch {
	case fault != nil:
		if !p.alreadyReported(fault) {
			w.Post(Fault{fault})
		}
	case w.answered: // and no longer does
		p.alreadyReported(nil)
		w.Post(Fault{silenceProblem(w.Container, w.HostPort, f.err)})
	case first:
		w.Post(Silent{})
	}
	w.answered = false
	p.wait()
}

// startProbe starts a probe.
func (w *Watch) startProbe(ctx context.Context, hint secret.Secret, hinted bool, p *probeSchedule) *activeProbe {
	limit := w.Timeout
	if !hinted {
		limit = p.probeTimeout(limit)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	a := &activeProbe{hint: hint, hinted: hinted, cancel: cancel, done: make(chan struct{})}
	known, isThorough := w.token, p.isThorough()
	go func(done chan<- struct{}) {
		defer cancel()
		a.result = w.probe(ctx, known, hint, isThorough)
		close(done)
	}(a.done)
	return a
}

// end cancels a probe that is in progress, and waits for its end.
func (a *activeProbe) end() {
	a.cancel()
	if a.done != nil {
		<-a.done
		a.done = nil
	}
}

// accept reports the Backend URL with the accepted token.
func (w *Watch) accept(ctx context.Context, f probeResult) {
	if !w.answered && !w.onlyReady {
		w.background.Go(func() { w.findRoot(ctx, f.files) })
	}
	w.answered, w.token = true, f.token
	w.Post(Answer{
		URL:      NewBackendURL(w.HostPort, f.token).LocalhostTaken(localhostTaken(ctx, w.Container, w.HostPort)),
		Open:     openOnHost(ctx, w.Container, w.HostPort),
		Changed:  w.Tokens.Changed(cmp.Or(w.TokenName, w.Container.Name), f.token),
		Settings: w.settingsProblem(f.overruled),
	})
}

// findRoot reports the root directory of the server's files. It reads the info files
// unless it is given them. It runs in the background because nothing waits for it.
func (w *Watch) findRoot(ctx context.Context, files []InfoFile) {
	if len(files) == 0 {
		files, _ = InfoFiles(ctx, w.Engine, w.Container)
	}
	if root := ServerRoot(files); root != "" {
		w.Post(Root{root})
	}
}

// settingsProblem returns a problem when our settings are not in force in the server,
// or overruled some of its configuration, as listed in header.
func (w *Watch) settingsProblem(header string) *problem.Problem {
	if w.Kind == config.KindColab || !w.Container.Ours() {
		return nil
	}
	if header == "" {
		return notInForceProblem(w.Container)
	}
	var overruled []string
	for _, name := range strings.Split(header, ",") { // the container can write anything there
		if slices.Contains(overrulable, name) && !slices.Contains(overruled, name) {
			overruled = append(overruled, name)
		}
	}
	if len(overruled) == 0 {
		return nil
	}
	return overruledProblem(w.Container, overruled)
}

// overrulable are the settings of Jupyter that our settings overrule.
var overrulable = []string{
	"base_url", "certfile", "keyfile", "client_ca", "ssl_options", "sock", "ip", "port", "port_retries", "token",
}

// sendToHost sends a request to the host in its URL.
func sendToHost(request *http.Request) (*http.Response, error) {
	return sendBy(request, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", request.URL.Host)
	})
}

// sendBy sends a request over a connection of dial. It keeps no connection open, uses
// no proxy and follows no redirect. Dialing ends with the request: when a port leads to
// a container that is gone, it would otherwise go on for minutes.
func sendBy(request *http.Request, dial func(context.Context) (net.Conn, error)) (*http.Response, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return dial(request.Context())
		},
	}
	return transport.RoundTrip(request)
}

// followOutput signals the announcements in the output of this run. It opens the output
// again when the stream ends. Without output, the timer of wait still triggers probes.
func (w *Watch) followOutput(ctx context.Context, signals logSignals) {
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		stream, err := w.Engine.Logs(ctx, w.Container, engine.LogQuery{Since: w.Container.RunSince(), Tail: 1000, Follow: true})
		if err == nil {
			stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
			_ = engine.EachLine(stream, func(line string) {
				select {
				case signals.sawOutput <- struct{}{}:
				default:
				}
				if token, is := announcement(line); is {
					select {
					case signals.announced <- token:
					default: // the queue is full
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
