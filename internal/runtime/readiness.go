package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"colabtray/internal/config"
)

// How the watch for Jupyter's answer looks when nothing tells it to.
const (
	firstDelay   = 50 * time.Millisecond // grows by half each time ...
	longestDelay = 3 * time.Second       // ... up to this
	patience     = 2 * time.Minute       // until the silence is a problem
	rarely       = 15 * time.Second      // and from then on
	askTimeout   = 10 * time.Second      // for one request to Jupyter
)

// watch waits for Jupyter's answer in one run of a container. The container's
// output tells when to look; inspection of the server's own info file and an
// authenticated request tell what is so.
type watch struct {
	engine    Engine
	kind      config.Kind
	container Container
	recheck   <-chan struct{}
	tokens    *TokenStore // nil to remember none
	post      func(event)

	port     int
	token    Token // the one that was answered last
	answered bool
}

// run watches until ctx ends.
func (w *watch) run(ctx context.Context) {
	w.port = jupyterPort(w.container, w.kind)
	if w.port == 0 {
		w.post(late{w.container.start(), unpublishedProblem(w.container)})
		return
	}
	announced := make(chan Token, 16)
	go w.followOutput(ctx, announced)
	w.wait(ctx, announced)
}

// wait looks for an answer at once, at every announcement in the output, and
// while there is none at growing intervals.
func (w *watch) wait(ctx context.Context, announced <-chan Token) {
	delay, longest := firstDelay, longestDelay
	again := time.NewTimer(0)
	defer again.Stop()
	tooLong := time.NewTimer(patience)
	defer tooLong.Stop()
	for first := true; ; first = false {
		var hint Token
		select {
		case <-ctx.Done():
			return
		case hint = <-announced:
			if w.answered && (hint.IsZero() || hint == w.token) {
				continue
			}
		case <-w.recheck:
		case <-again.C:
		case <-tooLong.C:
			longest = rarely
			w.post(late{w.container.start(), silenceProblem(w.container, w.port, nil)})
			continue
		}
		err := w.look(ctx, hint)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			again.Stop()
			tooLong.Stop()
			delay, longest = firstDelay, longestDelay
			continue
		case first:
			w.post(unanswered{w.container.start()})
		case w.answered: // it did answer, and no longer does
			w.answered = false
			longest = rarely
			w.post(late{w.container.start(), silenceProblem(w.container, w.port, err)})
		}
		again.Reset(delay)
		delay = min(delay*3/2, longest)
	}
}

// look tries the tokens there are, the announced one first, and posts the
// Backend URL when one is accepted.
func (w *watch) look(ctx context.Context, hint Token) error {
	tried := []Token{{}}
	try := func(tokens ...Token) error {
		err := errRefused
		for _, t := range tokens {
			if slices.Contains(tried, t) {
				continue
			}
			tried = append(tried, t)
			if err = w.ask(ctx, t); err == nil {
				w.accept(t)
				return nil
			}
			if !errors.Is(err, errRefused) {
				return err // it does not answer at all
			}
		}
		return err
	}
	if err := try(hint, w.token); !errors.Is(err, errRefused) {
		return err
	}
	if err := w.alive(ctx); err != nil {
		return err
	}
	tokens, infoErr := infoFileTokens(ctx, w.engine, w.container)
	err := try(append(tokens, environmentTokens(w.container)...)...)
	if err != nil {
		return errors.Join(err, infoErr)
	}
	return nil
}

// accept posts the Backend URL of the token that was accepted.
func (w *watch) accept(t Token) {
	w.answered, w.token = true, t
	w.post(answered{
		start:   w.container.start(),
		url:     NewBackendURL(w.port, t),
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
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	address := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(w.port)) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	if !t.IsZero() {
		request.Header.Set("Authorization", "token "+t.Reveal())
	}
	response, err := jupyterTransport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}

// jupyterTransport keeps no connection open, uses no proxy and follows no
// redirect.
var jupyterTransport = &http.Transport{DisableKeepAlives: true}

// followOutput hands on the announcements in the run's output. Where it cannot
// be followed the timer of wait has to do; where it breaks off it is opened again.
func (w *watch) followOutput(ctx context.Context, announced chan<- Token) {
	for delay := time.Second; ; delay = min(2*delay, time.Minute) {
		stream, err := w.engine.Logs(ctx, w.container, LogQuery{Since: w.container.outputSince(), Tail: 1000, Follow: true})
		if err == nil {
			stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
			_ = eachLine(stream, func(line string) {
				if token, is := announcement(line); is {
					select {
					case announced <- token:
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
