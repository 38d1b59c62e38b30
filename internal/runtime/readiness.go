package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"colabtray/internal/config"
)

// How the watch for Jupyter's answer looks when nothing tells it to.
const (
	firstDelay   = 50 * time.Millisecond // grows by half each time ...
	longestDelay = 3 * time.Second       // ... up to this
	patience     = 2 * time.Minute       // of silence, until that is a problem
	endurance    = 30 * time.Minute      // however much the container says
	rarely       = 15 * time.Second      // and from then on
	askTimeout   = 10 * time.Second      // for one look
)

// watch waits for Jupyter's answer in one run of a container. The container's
// output tells when to look; inspection of the server's own info file and an
// authenticated request tell what is so.
type watch struct {
	engine    Engine
	kind      config.Kind
	container Container
	recheck   <-chan struct{}
	tokens    *TokenStore   // nil to remember none
	asking    time.Duration // for one look
	post      func(event)

	port     int
	token    Token // the one that was answered last
	answered bool
}

// run watches until ctx ends.
func (w *watch) run(ctx context.Context) {
	w.port = jupyterPort(w.container, w.kind)
	if w.port == 0 {
		w.post(late{w.container.start(), unpublishedProblem(w.container, w.engine.CLI())})
		return
	}
	h := hearing{announced: make(chan Token, 16), spoke: make(chan struct{}, 1)}
	var following sync.WaitGroup
	defer following.Wait()
	following.Go(func() { w.followOutput(ctx, h) })
	w.wait(ctx, h)
}

// hearing is what the container's output tells the watch.
type hearing struct {
	announced chan Token    // a line with an address, and the token in it
	spoke     chan struct{} // any line
}

// glance is one look for an answer, under way.
type glance struct {
	hint   Token
	hinted bool // the output announced something, if not a token
	cancel context.CancelFunc
	over   chan struct{} // closed when token and err are there
	token  Token
	err    error
}

// wait looks for an answer at once, at every announcement in the output, and
// while there is none at growing intervals. A newer look replaces the one under
// way: a request that went out before Jupyter listened can hang for a second,
// until the network sends it anew.
func (w *watch) wait(ctx context.Context, h hearing) {
	delay, longest, silence := firstDelay, longestDelay, patience
	again := time.NewTimer(0)
	defer again.Stop()
	tooLong := time.NewTimer(silence)
	defer tooLong.Stop()
	last := time.Now().Add(endurance)
	g := &glance{cancel: func() {}}
	defer func() { g.end() }()
	for first := true; ; {
		select {
		case <-ctx.Done():
			return
		case hint := <-h.announced:
			if w.answered && (hint.IsZero() || hint == w.token) || g.over != nil && g.hinted && g.hint == hint {
				continue
			}
			g.end()
			g = w.glance(ctx, hint, true, w.asking)
		case <-w.recheck:
			g.end()
			g = w.glance(ctx, Token{}, false, w.asking)
		case <-again.C:
			if g.over != nil && g.hinted {
				continue // it knows more than a new one would
			}
			limit := w.asking
			if !first {
				limit = min(5*delay, limit)
			}
			g.end()
			g = w.glance(ctx, Token{}, false, limit)
		case <-h.spoke: // it installs something, say
			if silence == patience && !w.answered && time.Now().Before(last) {
				tooLong.Reset(patience)
			}
		case <-tooLong.C:
			longest, silence = rarely, 0
			w.post(late{w.container.start(), silenceProblem(w.container, w.port, nil)})
		case <-g.over:
			token, err := g.token, g.err
			g.over = nil
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				again.Stop()
				tooLong.Stop()
				delay, longest = firstDelay, longestDelay
				w.accept(ctx, token)
				first = false
				continue
			}
			switch {
			case first:
				w.post(unanswered{w.container.start()})
			case w.answered: // it did answer, and no longer does
				w.answered = false
				longest = rarely
				w.post(late{w.container.start(), silenceProblem(w.container, w.port, err)})
			}
			first = false
			again.Reset(delay)
			delay = min(delay*3/2, longest)
		}
	}
}

// glance begins a look that lasts so long at most.
func (w *watch) glance(ctx context.Context, hint Token, hinted bool, limit time.Duration) *glance {
	ctx, cancel := context.WithTimeout(ctx, limit)
	g := &glance{hint: hint, hinted: hinted, cancel: cancel, over: make(chan struct{})}
	known := w.token
	go func(over chan<- struct{}) {
		defer cancel()
		g.token, g.err = w.look(ctx, hint, known)
		close(over)
	}(g.over)
	return g
}

// end cancels a look that is under way, and waits for its end.
func (g *glance) end() {
	g.cancel()
	if g.over != nil {
		<-g.over
		g.over = nil
	}
}

// look tries the tokens there are, the announced one and the known one first,
// and returns the one that is accepted.
func (w *watch) look(ctx context.Context, hint, known Token) (Token, error) {
	tried := []Token{{}}
	try := func(tokens ...Token) (Token, error) {
		for _, t := range tokens {
			if slices.Contains(tried, t) {
				continue
			}
			tried = append(tried, t)
			if err := w.ask(ctx, t); !errors.Is(err, errRefused) {
				return t, err // accepted, or it does not answer at all
			}
		}
		return Token{}, errRefused
	}
	if t, err := try(hint, known); !errors.Is(err, errRefused) {
		return t, err
	}
	if err := w.alive(ctx); err != nil {
		return Token{}, err
	}
	tokens, infoErr := infoFileTokens(ctx, w.engine, w.container)
	t, err := try(append(tokens, environmentTokens(w.container)...)...)
	if err != nil {
		err = errors.Join(err, infoErr)
	}
	return t, err
}

// accept posts the Backend URL of the token that was accepted.
func (w *watch) accept(ctx context.Context, t Token) {
	w.answered, w.token = true, t
	w.post(answered{
		start:   w.container.start(),
		url:     NewBackendURL(w.port, t).Besides(besides(ctx, w.container, w.port)),
		open:    openOnHost(ctx, w.container, w.port),
		changed: w.tokens.Changed(w.container.Name, t),
	})
}

// errRefused means that Jupyter answered, but did not accept the token.
var errRefused = errors.New("the token was refused")

// ask makes an authenticated request, which is what ready means. The token goes
// in a header, so that it stays out of Jupyter's log of requests.
func (w *watch) ask(ctx context.Context, t Token) error {
	status, err := w.get(ctx, "/api/status", t)
	switch {
	case err != nil:
		return err
	case status == http.StatusOK:
		return nil
	case status == http.StatusForbidden || status == http.StatusUnauthorized || status == http.StatusFound:
		return errRefused
	default:
		return fmt.Errorf("GET /api/status was answered with %d", status)
	}
}

// alive reports whether anything answers: GET /api needs no token.
func (w *watch) alive(ctx context.Context) error {
	_, err := w.get(ctx, "/api", Token{})
	return err
}

func (w *watch) get(ctx context.Context, path string, t Token) (status int, err error) {
	address := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(w.port)) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	if !t.IsZero() {
		request.Header.Set("Authorization", "token "+t.Reveal())
	}
	response, err := askJupyter(request)
	if err != nil {
		return 0, err
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}

// askJupyter makes a request of Jupyter: it keeps no connection open, uses no
// proxy and follows no redirect. A connection that is being made ends with the
// request: of itself, where a port leads to a container that is gone, it would go
// on for minutes.
func askJupyter(request *http.Request) (*http.Response, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(request.Context(), network, address)
		},
	}
	return transport.RoundTrip(request)
}

// followOutput hands on the announcements in the run's output. Where it cannot
// be followed the timer of wait has to do; where it breaks off it is opened again.
func (w *watch) followOutput(ctx context.Context, h hearing) {
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		stream, err := w.engine.Logs(ctx, w.container, LogQuery{Since: w.container.outputSince(), Tail: 1000, Follow: true})
		if err == nil {
			stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
			_ = eachLine(stream, func(line string) {
				select {
				case h.spoke <- struct{}{}:
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

// jupyterPort returns the port of the host that leads to Jupyter in the
// container, 0 when there is none.
func jupyterPort(c Container, k config.Kind) int {
	for _, inner := range []int{innerPort(k), 8888, 8080} {
		if port := c.Ports[inner]; port != 0 {
			return port
		}
	}
	if len(c.Ports) == 1 {
		for _, port := range c.Ports {
			return port
		}
	}
	return 0
}
