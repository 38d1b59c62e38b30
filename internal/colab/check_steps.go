package colab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/config"
)

func (c *checker) checkEngine(_ context.Context, s *Step) {
	s.Expected = "an engine that answers"
	if p := c.EngineProblem; p != nil {
		s.known(p)
		return
	}
	s.ok("%s", c.Engine)
}

func (c *checker) checkContainer(_ context.Context, s *Step) {
	s.Expected = c.Name + " runs"
	switch p := c.ContainerProblem; {
	case p != nil:
		s.known(p)
	case c.Port < 1 || c.Port > 65535:
		s.fail("its port is not published on this machine")
		s.Advice = "Nothing outside of the container can reach Jupyter. Make the runtime anew."
	default:
		s.ok("it runs, published at port %d", c.Port)
	}
}

// known takes over what the caller knows to be wrong.
func (s *Step) known(p *Problem) {
	s.fail("%s", p.Short)
	s.Advice, s.Command = p.Hint, p.Command
}

// checkPort asks at each address that localhost can stand for: the dialog takes
// localhost and 127.0.0.1, and browsers try IPv6 as well, whatever the
// system's hosts file says. The token is not sent yet.
func (c *checker) checkPort(ctx context.Context, s *Step) {
	s.Expected = "Jupyter answers at localhost and 127.0.0.1"
	port := strconv.Itoa(c.Port)
	version, err := c.jupyterAt(ctx, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		s.fail("at 127.0.0.1:%s, %v", port, err)
		c.adviseLogs(s)
		if errors.Is(err, errNoJupyter) || errors.Is(err, errEndless) || errors.Is(err, errNotHTTP) {
			s.Advice = "Another program seems to answer at this port. End it, and start the runtime again."
			s.Command = c.command("restart")
		}
		return
	}
	for _, address := range others(ctx) {
		at := net.JoinHostPort(address, port)
		switch other, err := c.jupyterAt(ctx, at); {
		case err == nil && other == version:
			c.also = append(c.also, at)
		case err == nil, errors.Is(err, errNoJupyter), errors.Is(err, errTimeout), errors.Is(err, errEndless), errors.Is(err, errNotHTTP):
			s.anotherAt(at)
			return
		}
		// Nothing there: a browser goes on to 127.0.0.1.
	}
	s.ok("%s", strings.Join(append([]string{"Jupyter " + c.brief(version) + " answers there"}, c.also...), ", and at "))
}

// anotherAt tells that localhost can lead to another program.
func (s *Step) anotherAt(address string) {
	s.fail("another program answers at %s, where browsers may look for localhost first", address)
	s.Advice = "End that program, or give Colab the Backend URL with 127.0.0.1 instead of localhost."
}

// others returns the addresses that localhost stands for beside 127.0.0.1.
func others(ctx context.Context) []string {
	const most = 4
	addresses := []string{"::1"}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resolved, _ := net.DefaultResolver.LookupIPAddr(ctx, "localhost")
	for _, r := range resolved {
		if a := r.IP.String(); a != "127.0.0.1" && r.IP.IsLoopback() && !slices.Contains(addresses, a) && len(addresses) < most {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// errNoJupyter tells that what answers is no Jupyter server.
var errNoJupyter = errors.New("what answers is not Jupyter")

// jupyterAt returns the version of the Jupyter server at an address. That needs
// no token.
func (c *checker) jupyterAt(ctx context.Context, address string) (string, error) {
	client := clientTo(address)
	defer client.CloseIdleConnections()
	a, err := c.try(ctx, client, http.MethodGet, "/api", nil, http.Header{})
	if err != nil {
		return "", err
	}
	var about struct {
		Version string `json:"version"`
	}
	if a.status != http.StatusOK || a.decode(&about) != nil || about.Version == "" {
		return "", fmt.Errorf("%w: it answers %d to /api", errNoJupyter, a.status)
	}
	return about.Version, nil
}

// checkToken also makes sure that it is the token that opens the door.
func (c *checker) checkToken(ctx context.Context, s *Step) {
	s.Expected = "the token is accepted, and no other"
	if c.token == "" {
		s.fail("the token is not known")
		s.Advice, s.Command = "A server without a token is open to every page in your browser. Start the runtime with one.", c.command("restart")
		return
	}
	a, err := c.get(ctx, "/api/status")
	switch {
	case err != nil:
		s.fail("%v", err)
		c.adviseLogs(s)
		return
	case a.status != http.StatusOK:
		s.fail("the server answers %d to the token", a.status)
		s.Advice, s.Command = "The server may have been started again meanwhile. Copy the Backend URL anew; if that does not help, restart.", c.command("restart")
		return
	}
	for _, at := range c.also {
		client := clientTo(at)
		a, err := c.try(ctx, client, http.MethodGet, "/api/status", url.Values{"token": {c.token}}, http.Header{"Origin": {origin}})
		client.CloseIdleConnections()
		if err != nil || a.status != http.StatusOK {
			s.anotherAt(at)
			return
		}
	}
	for _, wrong := range []struct {
		what  string
		query url.Values
	}{{"a wrong token", url.Values{"token": {rand.Text()}}}, {"no token", nil}} {
		a, err := c.try(ctx, c.http, http.MethodGet, "/api/status", wrong.query, http.Header{"Origin": {origin}})
		switch {
		case err != nil:
			s.fail("with %s: %v", wrong.what, err)
			return
		case a.status < 300:
			s.fail("the server accepts %s (it answers %d)", wrong.what, a.status)
			s.Advice = "Every page in your browser could use it. Its settings have switched the token off; start it with one."
			return
		}
	}
	s.ok("accepted; a wrong one is refused")
}

// preflights are the requests that a browser asks leave for.
var preflights = []struct{ method, path string }{
	{http.MethodGet, "/api/colab/build-info"},
	{http.MethodPost, "/api/sessions"},
	{http.MethodPut, "/api/contents/content"},
	{http.MethodDelete, "/api/sessions/00000000-0000-0000-0000-000000000000"},
}

func (c *checker) checkPreflights(ctx context.Context, s *Step) {
	s.Expected = "the server gives Colab's page leave for its requests"
	privateNetwork := true
	for _, p := range preflights {
		header := http.Header{
			"Origin":                                 {origin},
			"Access-Control-Request-Method":          {p.method},
			"Access-Control-Request-Private-Network": {"true"},
		}
		if p.method != http.MethodGet {
			header.Set("Access-Control-Request-Headers", "content-type")
		}
		a, err := c.try(ctx, c.http, http.MethodOptions, p.path, url.Values{"token": {c.token}}, header)
		if err == nil {
			err = c.permits(a, p.method)
		}
		if err != nil {
			s.fail("the server gives no leave for %s %s: it answers %v", p.method, p.path, err)
			c.adviseSettings(s)
			return
		}
		privateNetwork = privateNetwork && a.header.Get("Access-Control-Allow-Private-Network") == "true"
	}
	if !privateNetwork {
		s.warn("leave is given, but without Access-Control-Allow-Private-Network")
		s.Advice = "Chrome and Edge 130 to 139 refuse such a server. Newer ones do not: update the browser."
		return
	}
	s.ok("leave is given")
}

// permits tells whether an answer to a preflight permits the request
// (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
func (c *checker) permits(a answer, method string) error {
	if a.status < 200 || a.status > 299 {
		return fmt.Errorf("%d", a.status)
	}
	if err := c.readable(a.header); err != nil {
		return fmt.Errorf("%d %w", a.status, err)
	}
	simple := method == http.MethodGet || method == http.MethodPost
	if methods := tokens(a.header, "Access-Control-Allow-Methods"); !simple && !slices.Contains(methods, strings.ToLower(method)) {
		return fmt.Errorf("%d without leave for the method %s", a.status, method)
	}
	if headers := tokens(a.header, "Access-Control-Allow-Headers"); method != http.MethodGet && !slices.Contains(headers, "content-type") {
		return fmt.Errorf("%d without leave for the header Content-Type", a.status)
	}
	return nil
}

// tokens returns the words of a header that is a list, in lower case.
func tokens(header http.Header, name string) []string {
	var words []string
	for word := range strings.SplitSeq(strings.Join(header.Values(name), ","), ",") {
		words = append(words, strings.ToLower(strings.TrimSpace(word)))
	}
	return words
}

func (c *checker) checkBuildInfo(ctx context.Context, s *Step) {
	s.Expected = "200 to Colab's first request, /api/colab/build-info"
	var info map[string]any
	if c.read(ctx, s, "/api/colab/build-info", &info) {
		s.ok("200")
	}
}

func (c *checker) checkKernelspecs(ctx context.Context, s *Step) {
	s.Expected = "the list of kernels"
	var list struct {
		Default string `json:"default"`
		Specs   map[string]struct {
			Spec struct {
				Language string `json:"language"`
			} `json:"spec"`
		} `json:"kernelspecs"`
	}
	if !c.read(ctx, s, "/api/kernelspecs", &list) {
		return
	}
	if len(list.Specs) == 0 {
		s.fail("the server has no kernel")
		s.Advice = "Nothing could run a cell. The image needs one, such as ipykernel for Python."
		return
	}
	isPython := func(name string) bool { return strings.EqualFold(list.Specs[name].Spec.Language, "python") }
	var names []string
	for name := range list.Specs {
		names = append(names, name)
	}
	slices.Sort(names)
	c.kernelspec = list.Default
	if _, known := list.Specs[c.kernelspec]; !known {
		c.kernelspec = names[0]
	}
	if i := slices.IndexFunc(names, isPython); i >= 0 && !isPython(c.kernelspec) {
		c.kernelspec = names[i]
	}
	c.isPython = isPython(c.kernelspec)
	s.ok("%d, among them %s", len(names), c.brief(c.kernelspec))
}

func (c *checker) checkSessions(ctx context.Context, s *Step) {
	s.Expected = "the lists of sessions and kernels"
	var sessions, kernels []struct{}
	if c.read(ctx, s, "/api/sessions", &sessions) && c.read(ctx, s, "/api/kernels", &kernels) {
		s.ok("%d sessions, %d kernels", len(sessions), len(kernels))
	}
}

func (c *checker) checkContents(ctx context.Context, s *Step) {
	s.Expected = "the files, with a folder content for Colab's file panel"
	var root struct {
		Type string `json:"type"`
	}
	if !c.read(ctx, s, "/api/contents/?content=0", &root) {
		return
	}
	if root.Type != "directory" {
		s.fail("the server shows no directory but %s", c.brief(root.Type))
		return
	}
	if a, err := c.get(ctx, "/api/contents/content?content=0"); err != nil {
		s.fail("%v", err)
	} else if a.status == http.StatusOK {
		s.ok("there")
	} else {
		s.warn("there is no folder content (the server answers %d)", a.status)
		c.adviseSettings(s)
	}
}

// read asks as Colab's page does for JSON that it can read, and fails the step
// otherwise.
func (c *checker) read(ctx context.Context, s *Step, path string, into any) bool {
	shown, _, _ := strings.Cut(path, "?")
	a, err := c.get(ctx, path)
	if err != nil {
		s.fail("%s: %v", shown, err)
		c.adviseLogs(s)
		return false
	}
	unreadable := c.readable(a.header)
	switch {
	case a.status != http.StatusOK && unreadable != nil:
		s.fail("the server answers %d to %s, %v", a.status, shown, unreadable)
	case a.status != http.StatusOK:
		s.fail("the server answers %d to %s", a.status, shown)
	case unreadable != nil:
		s.fail("the server answers to %s, but %v", shown, unreadable)
	case a.decode(into) != nil:
		s.fail("the answer to %s is not what Jupyter says", shown)
	default:
		return true
	}
	c.adviseSettings(s)
	return false
}

// adviseLogs says where to look when the server does not do its work.
func (c *checker) adviseLogs(s *Step) {
	s.Advice, s.Command = "See what the runtime says. Starting it again often helps.", c.command("logs")
}

// adviseSettings says how the server gets what it lacks.
func (c *checker) adviseSettings(s *Step) {
	switch {
	case c.Kind == config.KindColab:
		s.Advice = "Google's image brings its own server. Pull a newer one, and start the runtime again."
	case c.Ours:
		s.Advice = "The server's settings are not in force: its own may overrule them. Restart brings them up to date."
		s.Command = c.command("restart")
	default:
		s.Advice = "This container was not made by Colab Tray, and its server lacks settings that Colab needs " +
			"(Google's documented options are not enough for it). Restarting with our settings adds them; its files and its data volume are kept."
		s.Command = c.command("restart --settings")
	}
}

// command returns a command of ours for this runtime.
func (c *checker) command(verb string) string {
	if c.Name == config.DefaultRuntime {
		return "colab-tray " + verb
	}
	return fmt.Sprintf("colab-tray %s --name %s", verb, c.Name)
}
