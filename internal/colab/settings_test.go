package colab

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"

	"github.com/coder/websocket"
)

// reply is a response of a server, with its body read.
type reply struct {
	status int
	header http.Header
	body   string
}

// send sends a request. Headers are given as "Name: value".
func (s *server) send(client *http.Client, method, path, body string, headers ...string) reply {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, fmt.Sprintf("http://localhost:%d%s", s.port, path), strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Add(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(text)}
}

// noRedirects is a client that returns a redirect instead of following it.
var noRedirects = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

const (
	fromColab = "Origin: https://colab.research.google.com"
	withToken = "?token=" + secretToken
)

// corsHeaders returns the names of the CORS headers in a response.
func corsHeaders(h http.Header) []string {
	var names []string
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// letsColabIn fails the test unless Colab's page can read the response.
func letsColabIn(t *testing.T, what string, r reply) {
	t.Helper()
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":          "https://colab.research.google.com",
		"Access-Control-Allow-Credentials":     "true",
		"Access-Control-Allow-Private-Network": "true",
	} {
		if got := r.header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s (%d): %s is %q", what, r.status, name, got)
		}
	}
	for _, name := range []string{"Authorization", "Content-Type", "X-XSRFToken"} {
		if allowed := r.header.Get("Access-Control-Allow-Headers"); !strings.Contains(allowed, name) {
			t.Errorf("%s: the header %s is not among %q", what, name, allowed)
		}
	}
	if !strings.Contains(strings.Join(r.header.Values("Vary"), ","), "Origin") {
		t.Errorf("%s: Vary is %q, so a cache may hand the answer to another origin", what, r.header.Values("Vary"))
	}
}

// requests has requests for each status that a server returns.
var requests = []struct {
	method, path string
	status       []int
}{
	{"GET", "/api" + withToken, []int{200}},
	{"GET", "/api/status" + withToken, []int{200}},
	{"GET", "/api/kernelspecs" + withToken, []int{200}},
	{"GET", "/api/contents" + withToken, []int{200}},
	{"GET", "/api/colab/build-info" + withToken, []int{200}},
	{"GET", "/api/colab/resources" + withToken, []int{200}},
	{"GET", "/files/hello.txt" + withToken, []int{200}},
	{"GET", "/static/favicon.ico", []int{200}},
	{"GET", "/" + withToken, []int{200, 302, 404}},
	{"GET", "/api/status", []int{403}},
	{"GET", "/api/status?token=wrong", []int{403}},
	{"GET", "/api/contents/none.ipynb" + withToken, []int{404}},
	{"GET", "/api/nothing" + withToken, []int{404}},
	{"GET", "/static/nothing.js", []int{404}},
	{"DELETE", "/api/kernelspecs" + withToken, []int{405}},
	{"GET", "/boom" + withToken, []int{500}},
}

// panicMessage makes a page of the server raise an exception, through the settings of
// the person, which stay in force.
const panicMessage = `
import tornado.web
class Boom(tornado.web.RequestHandler):
    def get(self):
        raise ValueError("boom")
c.NotebookApp.extra_services = c.ServerApp.extra_services = ["boom"]
import sys, types
sys.modules["boom"] = types.SimpleNamespace(default_handlers=[(r"/boom", Boom)])
`

// serveWith is serve with more files; paths are relative to /. Files below home belong
// to the person.
func serveWith(t *testing.T, image string, command []string, files map[string]string, options ...string) *server {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	add := func(header tar.Header, content string) {
		if strings.HasPrefix(header.Name, "home/jovyan/") {
			header.Uid, header.Gid = 1000, 100
		}
		header.Size = int64(len(content))
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	for file, content := range files {
		add(tar.Header{Typeflag: tar.TypeDir, Name: path.Dir(file) + "/", Mode: 0o755}, "")
		add(tar.Header{Typeflag: tar.TypeReg, Name: file, Mode: 0o755}, content)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return serveAfter(t, image, command, func(name string) {
		cp := exec.Command("docker", "-H", testenv.Engine(t), "cp", "-", name+":/")
		cp.Stdin = &archive
		if out, err := cp.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}, options...)
}

func TestColabMayReadEveryAnswer(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s := serveWith(t, image, StartCommand(), map[string]string{
			"home/jovyan/.jupyter/jupyter_server_config.py":   panicMessage,
			"home/jovyan/.jupyter/jupyter_notebook_config.py": panicMessage,
			"home/jovyan/hello.txt":                           "hello",
		})
		for _, r := range requests {
			what := r.method + " " + strings.ReplaceAll(r.path, secretToken, "T")
			got := s.send(noRedirects, r.method, r.path, "", fromColab)
			if !slices.Contains(r.status, got.status) {
				t.Errorf("%s was answered with %d", what, got.status)
			}
			letsColabIn(t, what, got)
		}
	})
}

// generous allows every origin, as settings found on the internet do.
const generous = `
for app in (c.NotebookApp, c.ServerApp):
    app.allow_origin = "*"
    app.tornado_settings = {"headers": {"Access-Control-Allow-Origin": "*", "access-control-allow-headers": "*"}}
`

func TestNoOtherOriginGetsHeaders(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s := serveWith(t, image, StartCommand(), map[string]string{
			"home/jovyan/.jupyter/jupyter_server_config.py":   panicMessage + generous,
			"home/jovyan/.jupyter/jupyter_notebook_config.py": panicMessage + generous,
		})
		for _, origin := range []string{
			"", "https://evil.example", "null", "http://colab.research.google.com", "https://colab.research.google.com.evil.example",
			"https://colab.research.google.com:8443", "https://colab.research.google.com/", "HTTPS://COLAB.RESEARCH.GOOGLE.COM",
		} {
			var headers []string
			if origin != "" {
				headers = []string{"Origin: " + origin}
			}
			for _, r := range requests {
				got := s.send(noRedirects, r.method, r.path, "", headers...)
				if names := corsHeaders(got.header); len(names) > 0 {
					t.Errorf("origin %q: %s has %v", origin, r.path, names)
				}
			}
			got := s.send(noRedirects, "OPTIONS", "/api/kernels", "", append(headers, "Access-Control-Request-Method: POST")...)
			if names := corsHeaders(got.header); len(names) > 0 {
				t.Errorf("origin %q: a preflight has %v", origin, names)
			}
		}
	})
}

func preflightsAreAnswered(s *server) {
	t := s.t
	for _, path := range []string{"/api/colab/build-info", "/api/kernels", "/api/sessions/x", "/api/contents/a/b", "/api/terminals", "/files/x", "/nothing"} {
		for _, query := range []string{"", withToken, "?token=wrong"} {
			got := s.send(noRedirects, "OPTIONS", path+query, "", fromColab,
				"Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: x-a-new-one,content-type",
				"Access-Control-Request-Private-Network: true")
			if got.status != http.StatusNoContent || got.body != "" {
				t.Errorf("OPTIONS %s: %d %q", path, got.status, got.body)
			}
			if allowed := got.header.Get("Access-Control-Allow-Headers"); allowed != "x-a-new-one,content-type" {
				t.Errorf("OPTIONS %s allows the headers %q", path, allowed)
			}
			if methods := got.header.Get("Access-Control-Allow-Methods"); !strings.Contains(methods, "PUT") || !strings.Contains(methods, "DELETE") {
				t.Errorf("OPTIONS %s allows the methods %q", path, methods)
			}
			if got.header.Get("Access-Control-Allow-Private-Network") != "true" || got.header.Get("Access-Control-Allow-Credentials") != "true" {
				t.Errorf("OPTIONS %s: %v", path, got.header)
			}
		}
	}
}

func TestColabsOwnRequests(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s := serveWith(t, image, StartCommand(), map[string]string{
			"usr/local/bin/nvidia-smi": "#!/bin/sh\necho 'NVIDIA L4, 1024, 23034, 50, 25'\n",
		}, "--memory", "300m")
		info := s.send(noRedirects, "GET", "/api/colab/build-info"+withToken, "", fromColab)
		if info.body != ")]}'\n{\"release_tag\": null}" || !strings.HasPrefix(info.header.Get("Content-Type"), "application/json") {
			t.Errorf("build-info is %q, %q", info.body, info.header.Get("Content-Type"))
		}
		body, isColabs := strings.CutPrefix(s.send(noRedirects, "GET", "/api/colab/resources"+withToken, "", fromColab).body, ")]}'\n")
		var got struct {
			Memory struct{ TotalBytes, FreeBytes int64 }
			Disks  []struct {
				Filesystem struct {
					Label                 string
					TotalBytes, UsedBytes int64
				}
			}
			GPUs []struct {
				Name                              string
				MemoryUsedBytes, MemoryTotalBytes int64
				GPUUtilization, MemoryUtilization float64
				EverUsed                          bool
			}
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || !isColabs {
			t.Fatalf("resources are %q (%v)", body, err)
		}
		if m := got.Memory; m.TotalBytes != 300<<20 || m.FreeBytes <= 0 || m.FreeBytes > m.TotalBytes {
			t.Errorf("of a container with 300 MiB the memory is %+v", m)
		}
		if len(got.Disks) != 1 || got.Disks[0].Filesystem.UsedBytes <= 0 || got.Disks[0].Filesystem.TotalBytes < got.Disks[0].Filesystem.UsedBytes {
			t.Errorf("the disks are %+v", got.Disks)
		}
		if gpus := fmt.Sprint(got.GPUs); gpus != fmt.Sprintf("[{NVIDIA L4 %d %d 0.5 0.25 true}]", 1024<<20, 23034<<20) {
			t.Errorf("the GPUs are %s", gpus)
		}
		var content struct{ Type string }
		if err := s.api("/api/contents/content", &content); err != nil || content.Type != "directory" {
			t.Errorf("the content folder is %+v (%v)", content, err)
		}
	})
}

// guardsStayOn: the settings do not weaken Jupyter's own checks.
func guardsStayOn(s *server) {
	t := s.t
	testenv.Docker(t, "exec", s.name, "sh", "-c", "echo hello > ~/hello.txt")
	for _, path := range []string{
		"/api/status", "/api/kernels", "/api/sessions", "/api/contents", "/api/kernelspecs", "/api/terminals",
		"/api/colab/build-info", "/api/colab/resources",
	} {
		for _, query := range []string{"", "?token=", "?token=wrong"} {
			if got := s.send(noRedirects, "GET", path+query, "", fromColab); got.status != http.StatusForbidden {
				t.Errorf("GET %s%s was answered with %d", path, query, got.status)
			}
			if got := s.send(noRedirects, "POST", path+query, "{}", fromColab); got.status != http.StatusForbidden {
				t.Errorf("POST %s%s was answered with %d", path, query, got.status)
			}
		}
		if got := s.send(noRedirects, "GET", path, "", fromColab, "Authorization: token wrong"); got.status != http.StatusForbidden {
			t.Errorf("GET %s with a wrong token in the header was answered with %d", path, got.status)
		}
	}
	for _, query := range []string{"", "?token=wrong"} { // Jupyter redirects a page to its login
		got := s.send(noRedirects, "GET", "/files/hello.txt"+query, "", fromColab)
		if strings.Contains(got.body, "hello") || got.status != http.StatusForbidden && !strings.HasPrefix(got.header.Get("Location"), "/login?") {
			t.Errorf("GET /files/hello.txt%s was answered with %d %q", query, got.status, got.header.Get("Location"))
		}
	}
	for _, token := range []string{"", "wrong"} {
		address := fmt.Sprintf("ws://localhost:%d/api/kernels/00000000-0000-0000-0000-000000000000/channels?token=%s", s.port, token)
		_, response, err := websocket.Dial(t.Context(), address, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://colab.research.google.com"}}})
		if err == nil || response == nil || response.StatusCode != http.StatusForbidden {
			t.Errorf("a WebSocket with the token %q: %v, %v", token, response, err)
		}
	}

	// Logged in by cookie, like a browser tab with Jupyter's own page.
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tab := &http.Client{Jar: jar, CheckRedirect: noRedirects.CheckRedirect}
	page := s.send(tab, "GET", "/login"+withToken, "")
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'self'") {
		t.Errorf("the CSP is %q", csp)
	}
	home, _ := url.Parse(fmt.Sprintf("http://localhost:%d/", s.port))
	if s.send(tab, "GET", "/api/status", "").status != http.StatusOK {
		t.Fatalf("no login by cookie, so the next lines prove nothing: %v", jar.Cookies(home))
	}
	if got := s.send(tab, "POST", "/api/kernels", "{}"); got.status != http.StatusForbidden || !strings.Contains(got.body, "_xsrf") {
		t.Errorf("a POST without the XSRF token was answered with %d %s", got.status, got.body)
	}
	if got := s.send(tab, "POST", "/api/kernels", "{}", fromColab); got.status != http.StatusForbidden {
		t.Errorf("a POST from Colab's page by cookie alone was answered with %d", got.status)
	}
}

// TestOwnSettingsStayInForce: the settings of the person and of the image stay in
// force.
func TestOwnSettingsStayInForce(t *testing.T) {
	const personHeaders = `
c.NotebookApp.tornado_settings = c.ServerApp.tornado_settings = {"headers": {"X-Persons-Own": "yes"}}
`
	eachImage(t, func(t *testing.T, image string) {
		s := serveWith(t, image, StartCommand(), map[string]string{
			"home/jovyan/.jupyter/jupyter_server_config.py":   personHeaders,
			"home/jovyan/.jupyter/jupyter_notebook_config.py": personHeaders,
			"home/jovyan/.jupyter/jupyter_config.py":          "c.ContentsManager.hide_globs = ['secret*']\n",
			"home/jovyan/secret.txt":                          "x",
			"etc/jupyter/jupyter_config.py":                   "c.ContentsManager.untitled_notebook = 'FromTheImage'\n",
		})
		got := s.send(noRedirects, "GET", "/api/contents"+withToken, "", fromColab)
		if got.header.Get("X-Persons-Own") != "yes" {
			t.Error("the person's headers are gone")
		}
		letsColabIn(t, "with the person's headers", got)
		if strings.Contains(got.body, "secret.txt") {
			t.Error("the person's hidden files show")
		}
		made := s.send(noRedirects, "POST", "/api/contents"+withToken, `{"type": "notebook"}`, fromColab)
		if !strings.Contains(made.body, "FromTheImage") {
			t.Errorf("the image's name of new notebooks is not used: %d %s", made.status, made.body)
		}
	})
}
