package colab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/test/testenv"
)

// secretToken is the token of the servers in these tests. No text may contain it.
const secretToken = "planted-token-0123456789"

// secret is a token in the form in which the runtime passes it.
type secret string

func (s secret) Reveal() string { return string(s) }

// server is a Jupyter server in a container on the real engine.
type server struct {
	t    *testing.T
	name string
	port int
}

// documented returns the command of Google's instructions. Jupyter Server 2 gets the
// options that notebook_shim would translate, because the image lacks that.
func documented(image string) []string {
	app := "NotebookApp"
	if image == testenv.Server2 {
		app = "ServerApp"
	}
	return []string{
		"start-notebook.sh", "--" + app + ".allow_origin=https://colab.research.google.com",
		"--port=8888", "--" + app + ".port_retries=0", "--" + app + ".allow_credentials=True",
	}
}

// serve starts a server and waits until it answers. If the command is ours, our files
// are copied into the container first.
func serve(t *testing.T, image string, command []string) *server {
	t.Helper()
	return serveAfter(t, image, command, nil)
}

// serveAfter is serve with more options for the container, and with a step before the
// container starts.
func serveAfter(t *testing.T, image string, command []string, prepare func(name string), options ...string) *server {
	t.Helper()
	testenv.Takes(t, "Jupyter has to start")
	s := &server{t: t, name: testenv.RuntimeName(t), port: testenv.FreePort(t)}
	create := []string{
		"create", "--name", s.name, "--hostname", s.name, "--env", "JUPYTER_TOKEN=" + secretToken,
		"--publish", fmt.Sprintf("127.0.0.1:%d:8888", s.port), "--volume", s.name + "-data:/home/jovyan",
	}
	testenv.Docker(t, slices.Concat(create, options, []string{testenv.Image(t, image)}, command)...)
	if command[0] == StartCommand()[0] {
		copyInto(t, s.name, ServerFiles(config.Default()))
	}
	if prepare != nil {
		prepare(s.name)
	}
	testenv.Docker(t, "start", s.name)
	testenv.WaitFor(t, "Jupyter in "+s.name, func() error { return s.api("/api/status", nil) })
	return s
}

// in returns the same server for a subtest.
func (s *server) in(t *testing.T) *server { return &server{t, s.name, s.port} }

// copyInto copies files into a container, to their paths relative to /.
func copyInto(t *testing.T, name string, files fs.FS) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	testenv.Docker(t, "cp", "--quiet", dir+"/.", name+":/")
}

// api requests a path of the server's API.
func (s *server) api(path string, into any) error {
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s?token=%s", s.port, path, secretToken))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s", response.Status)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(body, into)
	}
	return err
}

// mustLeaveNothing fails the test if the server has a kernel or session.
func (s *server) mustLeaveNothing() {
	s.t.Helper()
	for _, path := range []string{"/api/sessions", "/api/kernels"} {
		var left []any
		if err := s.api(path, &left); err != nil || len(left) != 0 {
			s.t.Errorf("%s has %v (%v)", path, left, err)
		}
	}
}

func (s *server) target(ours bool) Target {
	s.t.Helper()
	settings, err := config.Load(config.Sources{Flags: config.Flags{"name": s.name}})
	if err != nil {
		s.t.Fatal(err)
	}
	return Target{
		Profile: settings.Profile, Engine: "Docker", Port: s.port, Token: secret(secretToken), Ours: ours, Browser: "firefox",
	}
}

func eachImage(t *testing.T, test func(t *testing.T, image string)) {
	t.Parallel()
	testenv.Takes(t, "Jupyter has to start")
	for name, image := range map[string]string{"notebook6": testenv.Notebook6, "server2": testenv.Server2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, image)
		})
	}
}

// statuses returns the status of each step by its ID, and fails the test if the token
// is in the report.
func statuses(t *testing.T, r Report) map[string]Status {
	t.Helper()
	encoded, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if text := r.Text() + string(encoded); strings.Contains(text, secretToken) || strings.Contains(text, secretToken[:12]) {
		t.Errorf("the token is in the report:\n%s", text)
	}
	found := map[string]Status{}
	for _, s := range r.Steps {
		found[s.ID] = s.Status
	}
	return found
}

// stepOf returns a step of a report.
func stepOf(t *testing.T, r Report, id string) Step {
	t.Helper()
	for _, s := range r.Steps {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("there is no step %q", id)
	return Step{}
}

// TestUsualServer runs all tests that need a server with our settings on one such
// server, because a start takes most of the time. It also starts a server without our
// settings.
func TestUsualServer(t *testing.T) {
	eachImage(t, func(t *testing.T, image string) {
		s, plain := serve(t, image, StartCommand()), serve(t, image, documented(image))
		for _, test := range []struct {
			name string
			run  func(*server)
		}{
			{"check", checksWell},
			{"check through a front", checksThroughFront},
			{"check interrupted", checkInterrupted},
			{"check of a slow kernel", checkOfSlowKernel},
			{"check beside other kernels", checkKeepsOtherKernels},
			{"check with a wrong token", checkWithWrongToken},
			{"preflights", preflightsAreAnswered},
			{"guards", guardsStayOn},
			{"what kernels see", func(s *server) { kernelsSeeNothing(s, plain) }},
			{"software", notebooksCanInstallSoftware},
			{"check with documented options", func(s *server) { checkWithDocumentedOptions(plain.in(s.t)) }},
			{"check when it is stopped", checkStopped}, // the last one
		} {
			t.Run(test.name, func(t *testing.T) { test.run(s.in(t)) })
		}
	})
}

func checksWell(s *server) {
	t := s.t
	var told []Step
	r := Check(t.Context(), s.target(true), func(step Step) { told = append(told, step) })
	t.Logf("\n%s", r.Text())
	for id, status := range statuses(t, r) {
		if status != OK {
			t.Errorf("%s: %s", id, status)
		}
	}
	if want := "Colab can connect to " + s.name + "."; !r.OK || r.Verdict != want {
		t.Errorf("%v: %s", r.OK, r.Verdict)
	}
	if got := stepOf(t, r, "cell").Got; got != s.name {
		t.Errorf("the cell ran in %q", got)
	}
	if fmt.Sprint(told) != fmt.Sprint(r.Steps) {
		t.Errorf("told %v", told)
	}
	s.mustLeaveNothing()
}

// checksThroughFront puts a proxy like the one of Google's image before the server. It
// forwards only a few paths.
func checksThroughFront(s *server) {
	t := s.t
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", s.port)})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if top, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); !slices.Contains([]string{"api", "files", "static", "nbextensions"}, top) {
			t.Errorf("the check asks for %s", r.URL.Path)
			http.NotFound(w, r)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	defer front.Close()
	target := s.target(true)
	target.Profile.Kind, target.Port = config.KindColab, front.Listener.Addr().(*net.TCPAddr).Port
	if r := Check(t.Context(), target, nil); !r.OK || stepOf(t, r, "cell").Got != s.name {
		t.Errorf("\n%s", r.Text())
	}
	s.mustLeaveNothing()
}

// checkWithDocumentedOptions shows the failure that our settings fix, once they are
// copied to where a container made by hand finds them.
func checkWithDocumentedOptions(s *server) {
	t := s.t
	r := Check(t.Context(), s.target(false), nil)
	t.Logf("\n%s", r.Text())
	got := statuses(t, r)
	if r.OK || got["preflight"] != Fail || got["build-info"] != Fail || got["token"] != OK {
		t.Errorf("%v: %v", r.OK, got)
	}
	first := stepOf(t, r, "preflight")
	if first.Command != "colab-tray restart --name "+s.name+" --settings" || !strings.Contains(first.Advice, "its data volume are kept") {
		t.Errorf("advised: %s (%s)", first.Advice, first.Command)
	}
	if second := stepOf(t, r, "build-info"); second.Advice != "What helps is the same as for: Colab's permission." || second.Command != "" {
		t.Errorf("advised again: %s (%s)", second.Advice, second.Command)
	}
	s.mustLeaveNothing()

	testenv.Docker(t, "stop", "--time", "1", s.name)
	copyInto(t, s.name, HandmadeFiles())
	testenv.Docker(t, "start", s.name)
	testenv.WaitFor(t, "Jupyter", func() error { return s.api("/api/status", nil) })
	if r := Check(t.Context(), s.target(false), nil); !r.OK {
		t.Errorf("\n%s", r.Text())
	}
	s.mustLeaveNothing()
}

// checkInterrupted cancels the check at each of its steps.
func checkInterrupted(s *server) {
	t := s.t
	for _, at := range []string{"token", "contents", "kernel", "websocket"} {
		ctx, cancel := context.WithCancel(t.Context())
		r := Check(ctx, s.target(true), func(step Step) {
			if step.ID == at {
				cancel()
			}
		})
		cancel()
		if r.OK || r.Verdict != "The check was interrupted." {
			t.Errorf("after %s: %s\n%s", at, r.Verdict, r.Text())
		}
		if kernel := statuses(t, r)["shutdown"]; (at == "kernel" || at == "websocket") && kernel != OK {
			t.Errorf("after %s: the shutdown is %s", at, kernel)
		}
		s.mustLeaveNothing()
	}
	// While the kernel starts: the server has created the kernel, and its response does
	// not arrive.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	target := s.target(true)
	target.Port = s.withoutAnswer(func(_ *http.Request, status int) {
		if status != http.StatusCreated {
			t.Errorf("the start of a kernel is answered with %d", status)
		}
		cancel()
	})
	if r := Check(ctx, target, nil); r.OK || r.Verdict != "The check was interrupted." || statuses(t, r)["shutdown"] != OK {
		t.Errorf("in the kernel's start: %s\n%s", r.Verdict, r.Text())
	}
	s.mustLeaveNothing()
}

// withoutAnswer puts a proxy before the server, and returns its port. The proxy does
// not forward the response to the start of a kernel: it reports that it came, and
// closes the connection.
func (s *server) withoutAnswer(answered func(r *http.Request, status int)) (port int) {
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", s.port)})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			behind.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		behind.ServeHTTP(answer, r.WithContext(context.WithoutCancel(r.Context())))
		answered(r, answer.Code)
		panic(http.ErrAbortHandler)
	}))
	s.t.Cleanup(front.Close)
	return front.Listener.Addr().(*net.TCPAddr).Port
}

// checkOfSlowKernel stops waiting for the kernel's start while the server goes on with
// it, and gets no response once the kernel is there.
func checkOfSlowKernel(s *server) {
	t := s.t
	impatient := defaultLimits
	impatient.kernel = 20 * time.Millisecond
	waits, hangsUp := s.target(true), s.target(true)
	waits.Port = s.withoutAnswer(func(r *http.Request, _ int) { <-r.Context().Done() })
	hangsUp.Port = s.withoutAnswer(func(*http.Request, int) {})
	for _, r := range []Report{check(t.Context(), waits, impatient, nil), Check(t.Context(), hangsUp, nil)} {
		if got := statuses(t, r); got["kernel"] != Fail || got["cell"] != Skipped || got["shutdown"] != OK {
			t.Errorf("\n%s", r.Text())
		}
	}
	s.mustLeaveNothing()
}

// checkKeepsOtherKernels has another person's kernel run during the check.
func checkKeepsOtherKernels(s *server) {
	t := s.t
	response, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/api/kernels?token=%s", s.port, secretToken), "application/json", strings.NewReader("{}"))
	if err != nil || response.StatusCode != http.StatusCreated {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	if r := Check(t.Context(), s.target(true), nil); !r.OK {
		t.Errorf("\n%s", r.Text())
	}
	var kernels []struct{ ID string }
	if err := s.api("/api/kernels", &kernels); err != nil || len(kernels) != 1 {
		t.Fatalf("the kernels are %v (%v)", kernels, err)
	}
	s.send(http.DefaultClient, "DELETE", "/api/kernels/"+kernels[0].ID+withToken, "")
}

func checkWithWrongToken(s *server) {
	t := s.t
	target := s.target(true)
	target.Token = secret("an-old-token")
	r := Check(t.Context(), target, nil)
	got := statuses(t, r)
	if r.OK || got["token"] != Fail || got["preflight"] != Skipped || got["cell"] != Skipped || got["browser"] != OK {
		t.Errorf("\n%s", r.Text())
	}
	if step := stepOf(t, r, "cell"); step.Got != "not tried, as this did not work: Token" {
		t.Errorf("the cell: %s", step.Got)
	}
}

// TestCheckWithoutToken has a server that needs no token.
func TestCheckWithoutToken(t *testing.T) {
	t.Parallel()
	s := serve(t, testenv.Server2, append(documented(testenv.Server2), "--ServerApp.token=", "--ServerApp.password="))
	r := Check(t.Context(), s.target(false), nil)
	if got := stepOf(t, r, "token"); r.OK || got.Status != Fail || !strings.Contains(got.Got, "accepts a wrong token") {
		t.Errorf("\n%s", r.Text())
	}
}

func checkStopped(s *server) {
	t := s.t
	testenv.Docker(t, "stop", "--time", "1", s.name)

	t.Run("known", func(t *testing.T) {
		target := s.target(true)
		target.ContainerProblem = &Problem{Short: "The runtime is not running", Hint: "Start it:", Command: "colab-tray start"}
		r := Check(t.Context(), target, nil)
		got := stepOf(t, r, "container")
		if r.OK || got.Status != Fail || got.Command != "colab-tray start" || statuses(t, r)["port"] != Skipped {
			t.Errorf("\n%s", r.Text())
		}
		if want := "Colab cannot connect to " + s.name + ". The runtime is not running."; r.Verdict != want {
			t.Errorf("the verdict is %q", r.Verdict)
		}
	})
	t.Run("unknown", func(t *testing.T) {
		r := Check(t.Context(), s.target(true), nil)
		if got := stepOf(t, r, "port"); r.OK || got.Status != Fail || !strings.Contains(got.Got, "nothing listens there") {
			t.Errorf("\n%s", r.Text())
		}
	})
}
