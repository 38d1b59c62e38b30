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
	"colabtray/internal/i18n"
)

func (c *checker) checkEngine(_ context.Context, s *Step) {
	s.Expected = i18n.T("check.engine.expected")
	if p := c.EngineProblem; p != nil {
		s.failWith(p)
		return
	}
	s.ok(c.Engine)
}

func (c *checker) checkContainer(_ context.Context, s *Step) {
	s.Expected = i18n.T("check.container.expected", "runtime", c.Profile.Runtime)
	switch p := c.ContainerProblem; {
	case p != nil:
		s.failWith(p)
	case c.Port < 1 || c.Port > 65535:
		s.fail(i18n.T("check.container.noPort"))
		s.Advice = i18n.T("check.container.noPortAdvice")
	default:
		s.ok(i18n.T("check.container.ok", "port", c.Port))
		s.addWarnings(c.Warnings)
	}
}

// addWarnings adds the caller's warnings to the step.
func (s *Step) addWarnings(warnings []*Problem) {
	var advice []string
	for _, w := range warnings {
		s.Status = Warn
		advice = append(advice, i18n.FullStop(w.Short)+" "+w.Hint)
		if s.Command == "" {
			s.Command = w.Command
		}
	}
	s.Advice = strings.Join(advice, "\n")
}

// failWith fails the step with a problem that the caller knows of.
func (s *Step) failWith(p *Problem) {
	s.fail(p.Short)
	s.Advice, s.Command = p.Hint, p.Command
}

// checkPort sends a request to each address that localhost can mean. Colab's dialog
// accepts localhost and 127.0.0.1. Browsers try IPv6 for localhost as well, whatever
// the hosts file of the system contains. checkPort does not send the token.
func (c *checker) checkPort(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.port.expected")
	port := strconv.Itoa(c.Port)
	version, err := c.jupyterAt(ctx, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		s.fail(i18n.T("check.port.fail", "port", port, "why", err))
		c.adviseLogs(s)
		if errors.Is(err, errNoJupyter) || errors.Is(err, errEndless) || errors.Is(err, errNotHTTP) {
			s.Advice = i18n.T("check.port.anotherAdvice")
			s.Command = c.Profile.CommandLine("restart")
		}
		return
	}
	for _, ip := range c.otherLoopbackIPs(ctx) {
		address := net.JoinHostPort(ip, port)
		ours := ip != "::1" || c.IPv6
		switch other, err := c.jupyterAt(ctx, address); {
		case err == nil && other == version && ours:
			c.otherAddresses = append(c.otherAddresses, address)
		case err == nil, errors.Is(err, errNoJupyter), errors.Is(err, errTimeout), errors.Is(err, errEndless), errors.Is(err, errNotHTTP):
			if c.Host == "127.0.0.1" { // the Backend URL avoids the other program
				s.warn(i18n.T("check.port.besides", "version", c.brief(version), "address", address))
				s.Advice = i18n.T("problem.localhostHint")
				return
			}
			c.failOtherListener(s, address)
			return
		}
		// Nothing listens there: a browser tries 127.0.0.1 next.
	}
	if len(c.otherAddresses) > 0 {
		s.ok(i18n.T("check.port.also", "version", c.brief(version), "addresses", strings.Join(c.otherAddresses, ", ")))
		return
	}
	s.ok(i18n.T("check.port.ok", "version", c.brief(version)))
}

// failOtherListener fails a step because localhost can lead to another program.
func (c *checker) failOtherListener(s *Step, address string) {
	s.fail(i18n.T("check.port.anotherAt", "address", address))
	s.Advice, s.Command = i18n.T("check.port.anotherAtAdvice"), c.Profile.CommandLine("url")
}

// otherLoopbackIPs returns the IP addresses that localhost can mean besides 127.0.0.1,
// at most four.
func (c *checker) otherLoopbackIPs(ctx context.Context) []string {
	const most = 4
	ips := []string{"::1"}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resolved, _ := c.network.LookupIPAddr(ctx, "localhost")
	for _, r := range resolved {
		if ip := r.IP.String(); ip != "127.0.0.1" && r.IP.IsLoopback() && !slices.Contains(ips, ip) && len(ips) < most {
			ips = append(ips, ip)
		}
	}
	return ips
}

// jupyterAt returns the version of the Jupyter server at an address. The request needs
// no token.
func (c *checker) jupyterAt(ctx context.Context, address string) (string, error) {
	client := c.clientTo(address)
	defer client.CloseIdleConnections()
	a, err := c.try(ctx, client, http.MethodGet, "/api", nil, http.Header{})
	if err != nil {
		return "", err
	}
	var about struct {
		Version string `json:"version"`
	}
	if a.status != http.StatusOK || a.decode(&about) != nil || about.Version == "" {
		return "", fmt.Errorf("%w: %s", errNoJupyter, i18n.T("check.port.answers", "status", a.status))
	}
	return about.Version, nil
}

// checkToken checks that the server accepts the token, and that it accepts neither a
// wrong token nor a request without one.
func (c *checker) checkToken(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.token.expected")
	if c.token == "" {
		s.fail(i18n.T("check.token.unknown"))
		s.Advice, s.Command = i18n.T("check.token.unknownAdvice"), c.Profile.CommandLine("restart")
		return
	}
	a, err := c.get(ctx, "/api/status")
	switch {
	case err != nil:
		s.fail(err.Error())
		c.adviseLogs(s)
		return
	case a.status != http.StatusOK:
		s.fail(i18n.T("check.token.refused", "status", a.status))
		s.Advice, s.Command = i18n.T("check.token.refusedAdvice"), c.Profile.CommandLine("restart")
		return
	}
	for _, address := range c.otherAddresses {
		client := c.clientTo(address)
		a, err := c.try(ctx, client, http.MethodGet, "/api/status", url.Values{"token": {c.token}}, http.Header{"Origin": {Origin}})
		client.CloseIdleConnections()
		if err != nil || a.status != http.StatusOK {
			c.failOtherListener(s, address)
			return
		}
	}
	for _, name := range []string{"wrong", "none"} {
		var query url.Values
		if name == "wrong" {
			query = url.Values{"token": {rand.Text()}}
		}
		a, err := c.try(ctx, c.http, http.MethodGet, "/api/status", query, http.Header{"Origin": {Origin}})
		switch {
		case err != nil:
			s.fail(i18n.T("check.token.noAnswer."+name, "why", err))
			return
		case a.status < 300:
			s.fail(i18n.T("check.token.accepted."+name, "status", a.status))
			s.Advice = i18n.T("check.token.acceptedAdvice")
			return
		}
	}
	s.ok(i18n.T("check.token.ok"))
}

// preflights are requests of Colab's page for which a browser sends a preflight.
var preflights = []struct{ method, path string }{
	{http.MethodGet, "/api/colab/build-info"},
	{http.MethodPost, "/api/sessions"},
	{http.MethodPut, "/api/contents/content"},
	{http.MethodDelete, "/api/sessions/00000000-0000-0000-0000-000000000000"},
}

func (c *checker) checkPreflights(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.preflight.expected")
	privateNetwork := true
	for _, p := range preflights {
		header := http.Header{
			"Origin":                                 {Origin},
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
			s.fail(i18n.T("check.preflight.fail", "method", p.method, "path", p.path, "why", err))
			c.adviseSettings(s)
			return
		}
		privateNetwork = privateNetwork && a.header.Get("Access-Control-Allow-Private-Network") == "true"
	}
	if !privateNetwork {
		s.warn(i18n.T("check.preflight.warn"))
		s.Advice = i18n.T("check.preflight.warnAdvice")
		return
	}
	s.ok(i18n.T("check.preflight.ok"))
}

// permits returns nil if the answer to a preflight permits the request, else the reason
// (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
func (c *checker) permits(a answer, method string) error {
	if a.status < 200 || a.status > 299 {
		return errors.New(strconv.Itoa(a.status))
	}
	if err := c.readable(a.header); err != nil {
		return fmt.Errorf("%d %w", a.status, err)
	}
	simple := method == http.MethodGet || method == http.MethodPost
	if methods := listOf(a.header, "Access-Control-Allow-Methods"); !simple && !slices.Contains(methods, strings.ToLower(method)) {
		return errors.New(i18n.T("check.preflight.noMethod", "status", a.status, "method", method))
	}
	if headers := listOf(a.header, "Access-Control-Allow-Headers"); method != http.MethodGet && !slices.Contains(headers, "content-type") {
		return errors.New(i18n.T("check.preflight.noHeader", "status", a.status))
	}
	return nil
}

// listOf returns the elements of a header that is a comma-separated list, in lower
// case.
func listOf(header http.Header, name string) []string {
	var list []string
	for word := range strings.SplitSeq(strings.Join(header.Values(name), ","), ",") {
		list = append(list, strings.ToLower(strings.TrimSpace(word)))
	}
	return list
}

func (c *checker) checkBuildInfo(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.buildInfo.expected")
	var info map[string]any
	if c.read(ctx, s, "/api/colab/build-info", &info) {
		s.ok(strconv.Itoa(http.StatusOK))
	}
}

func (c *checker) checkKernelspecs(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.kernelspecs.expected")
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
		s.fail(i18n.T("check.kernelspecs.none"))
		s.Advice = i18n.T("check.kernelspecs.noneAdvice")
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
	s.ok(i18n.T("check.kernelspecs.ok", "count", len(names), "kernel", c.brief(c.kernelspec)))
}

func (c *checker) checkSessions(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.sessions.expected")
	var sessions, kernels []struct{}
	if c.read(ctx, s, "/api/sessions", &sessions) && c.read(ctx, s, "/api/kernels", &kernels) {
		s.ok(i18n.T("check.sessions.ok", "sessions", len(sessions), "kernels", len(kernels)))
	}
}

func (c *checker) checkContents(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.contents.expected")
	var root struct {
		Type string `json:"type"`
	}
	if !c.read(ctx, s, "/api/contents/?content=0", &root) {
		return
	}
	if root.Type != "directory" {
		s.fail(i18n.T("check.contents.noFolder", "kind", c.brief(root.Type)))
		return
	}
	if a, err := c.get(ctx, "/api/contents/content?content=0"); err != nil {
		s.fail(err.Error())
	} else if a.status == http.StatusOK {
		s.ok(i18n.T("check.contents.ok"))
	} else {
		s.warn(i18n.T("check.contents.warn", "status", a.status))
		c.adviseSettings(s)
	}
}

// read requests JSON as Colab's page does, and reports whether the page could read it.
// If not, read fails the step.
func (c *checker) read(ctx context.Context, s *Step, path string, into any) bool {
	plainPath, _, _ := strings.Cut(path, "?")
	a, err := c.get(ctx, path)
	if err != nil {
		s.fail(i18n.T("check.read.noAnswer", "path", plainPath, "why", err))
		c.adviseLogs(s)
		return false
	}
	unreadable := c.readable(a.header)
	switch {
	case a.status != http.StatusOK && unreadable != nil:
		s.fail(i18n.T("check.read.both", "path", plainPath, "status", a.status, "why", unreadable))
	case a.status != http.StatusOK:
		s.fail(i18n.T("check.read.status", "path", plainPath, "status", a.status))
	case unreadable != nil:
		s.fail(i18n.T("check.read.unreadable", "path", plainPath, "why", unreadable))
	case a.decode(into) != nil:
		s.fail(i18n.T("check.read.strange", "path", plainPath))
	default:
		return true
	}
	c.adviseSettings(s)
	return false
}

// adviseLogs advises to read the server's output.
func (c *checker) adviseLogs(s *Step) {
	s.Advice, s.Command = i18n.T("check.advice.logs"), c.Profile.CommandLine("logs")
}

// adviseSettings advises how the server gets the settings that it lacks.
func (c *checker) adviseSettings(s *Step) {
	switch {
	case c.Profile.Kind == config.KindColab:
		s.Advice = i18n.T("check.advice.colab")
	case c.Ours:
		s.Advice = i18n.T("check.advice.ours")
		s.Command = c.Profile.CommandLine("restart")
	default:
		s.Advice = i18n.T("check.advice.handmade")
		s.Command = c.Profile.CommandLine("restart", "--settings")
	}
}
