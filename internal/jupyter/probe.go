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

// probeResult is the result of one probe.
type probeResult struct {
	token         secret.Secret    // the accepted token, when err is nil
	err           error            // why no token was accepted
	configProblem *problem.Problem // the server's configuration that keeps Colab from using it, if known
	answered      bool             // something answered, even if with an error
	files         []InfoFile       // the info files, if they were read; a server with one is up
	overruled     string           // the header overruledHeader of the response
}

// overruledHeader is the response header in which our settings in a server list what
// they overruled of its configuration. A server without our settings does not send it.
const overruledHeader = "X-Colab-Tray"

// errRefused means that Jupyter answered, but did not accept the token.
var errRefused = errors.New("the token was refused")

// statusError is a response that says nothing about the token.
type statusError struct {
	path   string
	status int
}

func (e statusError) Error() string {
	return fmt.Sprintf("GET %s was answered with %d", e.path, e.status)
}

// probe tries the known tokens and returns the one that is accepted. It tries the
// current token first, so that nothing in the output can displace it. When the server
// does not answer, only a thorough probe reads the info files.
func (w *Watch) probe(ctx context.Context, known, hint secret.Secret, isThorough bool) (f probeResult) {
	tried := []secret.Secret{{}}
	accepted := func(tokens ...secret.Secret) bool {
		for _, t := range tokens {
			if slices.Contains(tried, t) {
				continue
			}
			tried = append(tried, t)
			overruled, err := w.requestStatus(ctx, t)
			if f.record(err); err == nil {
				f.token, f.overruled = t, overruled
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
		f.files = files
		if !f.answered || !accepted(append(InfoFileTokens(files), engine.EnvironmentTokens(w.Container)...)...) {
			f.err = errors.Join(f.err, infoErr)
			f.configProblem = w.configProblem(files, f.answered)
		}
	}
	// A server in a container of this program has a token. Any other may accept
	// requests without one.
	if f.answered && f.configProblem == nil && (f.err != nil || !w.Container.Ours()) {
		if _, err := w.requestStatus(ctx, secret.Secret{}); err == nil {
			f.token, f.err, f.configProblem = secret.Secret{}, errors.Join(errOpen, f.err), openProblem(w.Container, w.Info.Command)
		}
	}
	return f
}

// errOpen means that Jupyter asks for no token.
var errOpen = errors.New("no token is asked for")

// record records the result of a request.
func (f *probeResult) record(err error) {
	var status statusError
	f.answered = f.answered || err == nil || errors.Is(err, errRefused) || errors.As(err, &status)
	f.err = err
}

// configProblem returns a problem when the info file shows a configuration that Colab
// cannot use.
func (w *Watch) configProblem(files []InfoFile, answered bool) *problem.Problem {
	if len(files) == 0 {
		return nil
	}
	cli := w.Info.Command
	inner := InnerPort(w.Container, w.Kind)
	switch f := files[0]; {
	case f.secure:
		return servesProblem(w.Container, cli, "https")
	case f.base != "/" && f.base != "":
		return servesProblem(w.Container, cli, "under", "path", f.base[:min(len(f.base), 100)])
	case !answered && f.inside && inner == f.port: // else it is behind another server, as in Google's image
		return servesProblem(w.Container, cli, "inside")
	case f.token.IsZero() && f.password:
		return servesProblem(w.Container, cli, "password")
	case !f.token.Sendable():
		return servesProblem(w.Container, cli, "token")
	default:
		return nil
	}
}

// requestStatus makes an authenticated request for /api/status; the runtime is ready
// when it succeeds. The token goes into a header, which Jupyter does not log.
// requestStatus returns the response header overruledHeader.
func (w *Watch) requestStatus(ctx context.Context, t secret.Secret) (overruled string, err error) {
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
		return response.Header.Get(overruledHeader), nil
	case http.StatusForbidden, http.StatusUnauthorized, http.StatusFound:
		return "", errRefused
	default:
		return "", statusError{path, response.StatusCode}
	}
}

// alive checks whether anything answers GET /api, which needs no token. A good response
// still returns errRefused, because it accepts no token.
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
