package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
)

// finding is what one look has found.
type finding struct {
	token Token    // the one that is accepted, when err is nil
	err   error    // why none is
	fault *Problem // what keeps any from being accepted, where that is known
	heard bool     // something answered, if not what was asked for
}

// errRefused means that Jupyter answered, but did not accept the token.
var errRefused = errors.New("the token was refused")

// statusError is an answer that tells nothing of the token.
type statusError struct {
	path   string
	status int
}

func (e statusError) Error() string {
	return fmt.Sprintf("GET %s was answered with %d", e.path, e.status)
}

// look tries the tokens there are and returns the one that is accepted: the known
// one first, so that nothing that the output says can make it count for less.
// Whether the server has announced itself decides what is worth a look.
func (w *watch) look(ctx context.Context, known, hint Token, announced bool) (f finding) {
	tried := []Token{{}}
	accepted := func(tokens ...Token) bool {
		for _, t := range tokens {
			if slices.Contains(tried, t) {
				continue
			}
			tried = append(tried, t)
			if f.take(w.ask(ctx, t)); f.err == nil {
				f.token = t
				return true
			}
		}
		return false
	}
	if accepted(known) {
		return f
	}
	if !accepted(hint) {
		if !f.heard {
			f.take(w.alive(ctx))
		}
		if !f.heard && !announced {
			return f
		}
		files, infoErr := infoFiles(ctx, w.engine, w.container)
		if !f.heard || !accepted(append(infoFileTokens(files), environmentTokens(w.container)...)...) {
			f.err = errors.Join(f.err, infoErr)
			f.fault = w.fault(files, f.heard)
		}
	}
	// What we made has a token; of others it is to be seen that they ask for one.
	if f.heard && f.fault == nil && (f.err != nil || !w.container.ours()) && w.ask(ctx, Token{}) == nil {
		f.token, f.err, f.fault = Token{}, errors.Join(errOpen, f.err), openProblem(w.container, w.engine.CLI())
	}
	return f
}

// errOpen means that Jupyter asks for no token.
var errOpen = errors.New("no token is asked for")

// take notes how a request went.
func (f *finding) take(err error) {
	var status statusError
	f.heard = f.heard || err == nil || errors.Is(err, errRefused) || errors.As(err, &status)
	f.err = err
}

// fault tells what the server says of itself that keeps Colab from using it.
func (w *watch) fault(files []infoFile, heard bool) *Problem {
	if len(files) == 0 {
		return nil
	}
	cli := w.engine.CLI()
	switch f := files[0]; {
	case f.secure:
		return servesProblem(w.container, cli, "https")
	case f.base != "/" && f.base != "":
		return servesProblem(w.container, cli, "under", "path", printable(f.base[:min(len(f.base), 100)]))
	case !heard && f.inside:
		return servesProblem(w.container, cli, "inside")
	case f.token.IsZero() && f.password:
		return servesProblem(w.container, cli, "password")
	case !f.token.sendable():
		return servesProblem(w.container, cli, "token")
	default:
		return nil
	}
}

// ask makes an authenticated request, which is what ready means. The token goes
// in a header, so that it stays out of Jupyter's log of requests.
func (w *watch) ask(ctx context.Context, t Token) error {
	const path = "/api/status"
	if !t.sendable() {
		return errRefused
	}
	switch status, err := w.get(ctx, path, t); {
	case err != nil:
		return err
	case status == http.StatusOK:
		return nil
	case status == http.StatusForbidden || status == http.StatusUnauthorized || status == http.StatusFound:
		return errRefused
	default:
		return statusError{path, status}
	}
}

// alive finds out whether anything answers: GET /api needs no token, and makes
// none accepted.
func (w *watch) alive(ctx context.Context) error {
	const path = "/api"
	status, err := w.get(ctx, path, Token{})
	switch {
	case err != nil:
		return err
	case status == http.StatusOK:
		return errRefused
	default:
		return statusError{path, status}
	}
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
	response, err := w.send(request)
	if err != nil {
		return 0, err
	}
	_ = response.Body.Close()
	return response.StatusCode, nil
}
