package jupyter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

// probeResult is what one look has found.
type probeResult struct {
	token         secret.Secret    // the one that is accepted, when err is nil
	err           error            // why none is
	configProblem *problem.Problem // what keeps any from being accepted, where that is known
	answered      bool             // something answered, if not what was asked for
	shown         bool             // the server has written about itself, so it is up
	settings      string           // what our settings in the server say, with the answer
}

// saysHeader is where the settings in a server say what they have overruled of
// its configuration; it lacks where they are not in force.
const saysHeader = "X-Colab-Tray"

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

// probe tries the tokens there are and returns the one that is accepted: the known
// one first, so that nothing that the output says can make it count for less.
// The info files of a server that does not answer are for a thorough look alone.
func (w *Watch) probe(ctx context.Context, known, hint secret.Secret, isThorough bool) (f probeResult) {
	tried := []secret.Secret{{}}
	accepted := func(tokens ...secret.Secret) bool {
		for _, t := range tokens {
			if slices.Contains(tried, t) {
				continue
			}
			tried = append(tried, t)
			message, err := w.RequestStatus(ctx, t)
			if f.record(err); err == nil {
				f.token, f.settings = t, message
				return true
			}
		}
		return false
	}
	if accepted(known) {
		return f
	}
	if !accepted(hint) {
		if !f.answered {
			f.record(w.alive(ctx))
		}
		if !f.answered && !isThorough {
			return f
		}
		files, infoErr := InfoFiles(ctx, w.Engine, w.Container)
		f.shown = len(files) > 0
		if !f.answered || !accepted(append(InfoFileTokens(files), engine.EnvironmentTokens(w.Container)...)...) {
			f.err = errors.Join(f.err, infoErr)
			f.configProblem = w.configProblem(files, f.answered)
		}
	}
	// What we made has a token; of others it is to be seen that they ask for one.
	if f.answered && f.configProblem == nil && (f.err != nil || !w.Container.Ours()) {
		if _, err := w.RequestStatus(ctx, secret.Secret{}); err == nil {
			f.token, f.err, f.configProblem = secret.Secret{}, errors.Join(errOpen, f.err), openProblem(w.Container, w.Info.Command)
		}
	}
	return f
}

// errOpen means that Jupyter asks for no token.
var errOpen = errors.New("no token is asked for")

// record notes how a request went.
func (f *probeResult) record(err error) {
	var status statusError
	f.answered = f.answered || err == nil || errors.Is(err, errRefused) || errors.As(err, &status)
	f.err = err
}

// configProblem tells what the server says of itself that keeps Colab from using it.
func (w *Watch) configProblem(files []infoFile, answered bool) *problem.Problem {
	if len(files) == 0 {
		return nil
	}
	cli := w.Info.Command
	inner, _, _ := w.Container.Published(w.HostPort)
	switch f := files[0]; {
	case f.secure:
		return servesProblem(w.Container, cli, "https")
	case f.base != "/" && f.base != "":
		return servesProblem(w.Container, cli, "under", "path", f.base[:min(len(f.base), 100)])
	case !answered && f.inside && inner == f.port: // else another server is before it, as in Google's image
		return servesProblem(w.Container, cli, "inside")
	case f.token.IsZero() && f.password:
		return servesProblem(w.Container, cli, "password")
	case !f.token.Sendable():
		return servesProblem(w.Container, cli, "token")
	default:
		return nil
	}
}

// RequestStatus makes an authenticated request, which is what ready means. The token goes
// in a header, so that it stays out of Jupyter's log of requests. With the answer
// comes what our settings say.
func (w *Watch) RequestStatus(ctx context.Context, t secret.Secret) (message string, err error) {
	const path = "/api/status"
	if !t.Sendable() {
		return "", errRefused
	}
	response, err := w.get(ctx, path, t)
	if err != nil {
		return "", err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return response.Header.Get(saysHeader), nil
	case http.StatusForbidden, http.StatusUnauthorized, http.StatusFound:
		return "", errRefused
	default:
		return "", statusError{path, response.StatusCode}
	}
}

// alive finds out whether anything answers: GET /api needs no token, and makes
// none accepted.
func (w *Watch) alive(ctx context.Context) error {
	const path = "/api"
	response, err := w.get(ctx, path, secret.Secret{})
	switch {
	case err != nil:
		return err
	case response.StatusCode == http.StatusOK:
		return errRefused
	default:
		return statusError{path, response.StatusCode}
	}
}

func (w *Watch) get(ctx context.Context, path string, t secret.Secret) (*http.Response, error) {
	address := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(w.HostPort)) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if !t.IsZero() {
		request.Header.Set("Authorization", "token "+t.Reveal())
	}
	response, err := w.send(request)
	if err != nil {
		return nil, err
	}
	return response, response.Body.Close()
}
