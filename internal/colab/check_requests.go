package colab

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/i18n"

	"github.com/coder/websocket"
)

// Origin is the origin of Colab's page, which the runtime must allow.
const Origin = "https://colab.research.google.com"

// checker is a running check.
type checker struct {
	Target
	limits
	token string
	http  *http.Client

	otherAddresses []string // besides 127.0.0.1, where the same Jupyter seems to answer
	kernelspec     string   // the kernel to start
	isPython       bool
	path           string // the path of our session; "" before it is asked for
	unanswered     bool   // the request for the session was not answered
	sessionID      string
	kernelID       string
	socket         *websocket.Conn
}

func newChecker(t Target, l limits) *checker {
	c := &checker{Target: t, limits: l}
	if c.network == nil {
		c.network = &hostNetwork{Resolver: net.DefaultResolver}
	}
	c.http = c.clientTo(net.JoinHostPort("127.0.0.1", strconv.Itoa(t.Port)))
	if t.Token != nil {
		c.token = t.Token.Reveal()
	}
	return c
}

func (c *checker) close() {
	if c.socket != nil {
		_ = c.socket.CloseNow()
	}
	c.http.CloseIdleConnections()
}

// network is how servers are found and reached.
type network interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
}

// hostNetwork is the network of this computer.
type hostNetwork struct {
	net.Dialer
	*net.Resolver
}

// clientTo returns a client that connects only to one address, whatever the host of a
// URL is. Like a browser for localhost, it uses no proxy. It follows no redirect,
// which could send the token elsewhere.
func (c *checker) clientTo(address string) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return c.network.DialContext(ctx, "tcp", address)
			},
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is the answer of a server.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// address returns the URL of a request, with the host and port of the Backend URL.
func (c *checker) address(scheme, path string, query url.Values) string {
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(cmp.Or(c.Host, "localhost"), strconv.Itoa(c.Port)), Path: path, RawQuery: query.Encode()}
	return u.String()
}

// get sends a GET request as Colab's page does, with its origin and the token.
func (c *checker) get(ctx context.Context, path string) (answer, error) {
	return c.ask(ctx, c.request, http.MethodGet, path, nil)
}

// ask sends a request as Colab's page does, with a JSON body unless body is nil.
func (c *checker) ask(ctx context.Context, timeout time.Duration, method, path string, body any) (answer, error) {
	header := http.Header{"Origin": {Origin}}
	var content []byte
	if body != nil {
		header.Set("Content-Type", "application/json")
		content, _ = json.Marshal(body) // our own values can be encoded
	}
	path, rawQuery, _ := strings.Cut(path, "?")
	query, _ := url.ParseQuery(rawQuery)
	query.Set("token", c.token)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return c.send(ctx, c.http, method, c.address("http", path, query), header, content)
}

// try sends a request without a body, with the time limit of a request.
func (c *checker) try(ctx context.Context, client *http.Client, method, path string, query url.Values, header http.Header) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.request)
	defer cancel()
	return c.send(ctx, client, method, c.address("http", path, query), header, nil)
}

// send sends a request and reads the answer. Its errors are for people, and do not
// contain the URL, which contains the token.
func (c *checker) send(ctx context.Context, client *http.Client, method, address string, header http.Header, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New(i18n.T("check.why.unsent"))
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		return answer{}, plain(err)
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, c.body+1))
	if err != nil {
		return answer{}, plain(err)
	}
	if int64(len(a.body)) > c.body {
		return answer{}, errEndless
	}
	return a, nil
}

// Reasons why there is no answer.
const (
	errRefused     reason = "refused"
	errInterrupted reason = "interrupted"
	errTimeout     reason = "timeout"
	errClosed      reason = "closed"
	errEndless     reason = "endless"
	errNotHTTP     reason = "notHTTP"
	errNoJupyter   reason = "noJupyter" // the server is not Jupyter
)

// reason is an error in the language in use. Its value is the last part of the key of
// its message.
type reason string

func (r reason) Error() string { return i18n.T("check.why." + string(r)) }

// plain returns the reason for an error, without the error's text, which contains the
// URL. It does not compare system error numbers: on Windows, those of sockets are
// not the constants of package syscall.
func plain(err error) error {
	var timeout net.Error
	var failed *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errTimeout
	case errors.Is(err, websocket.ErrMessageTooBig):
		return errEndless
	case errors.As(err, &failed) && failed.Op == "dial":
		return errRefused
	case errors.As(err, &failed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), websocket.CloseStatus(err) != -1:
		return errClosed
	default:
		return errNotHTTP
	}
}

// readable returns nil if a browser lets Colab's page read the answer to a request
// with credentials, else the reason (https://fetch.spec.whatwg.org/#cors-check).
func (c *checker) readable(header http.Header) error {
	switch allowed := header.Values("Access-Control-Allow-Origin"); {
	case len(allowed) == 0:
		return errors.New(i18n.T("check.unreadable.origin"))
	case len(allowed) > 1 || allowed[0] != Origin:
		return errors.New(i18n.T("check.unreadable.another", "origin", c.brief(strings.Join(allowed, ", "))))
	case header.Get("Access-Control-Allow-Credentials") != "true":
		return errors.New(i18n.T("check.unreadable.credentials"))
	default:
		return nil
	}
}

// decode decodes the JSON of the answer. Colab's own server puts a prefix before it,
// so that a browser cannot run it as a script.
func (a answer) decode(into any) error {
	return json.Unmarshal(bytes.TrimPrefix(a.body, []byte(")]}'\n")), into)
}

// brief quotes a text that a server has sent, and cuts it at 80 characters. It removes
// the token first, because it could not find a cut or quoted token.
func (c *checker) brief(text string) string {
	const most = 80
	text = c.redact(text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}
