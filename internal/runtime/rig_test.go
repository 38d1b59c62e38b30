package runtime

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(cleanupLast{m}) }

// provide makes what the tests of this system share, and returns what removes it.
var provide = func() (remove func(), err error) { return func() {}, nil }

// cleanupLast ends what the tests share before leaks are looked for.
type cleanupLast struct{ *testing.M }

func (l cleanupLast) Run() int {
	defer testenv.End(os.Stderr)
	remove, err := provide()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer remove()
	return l.M.Run()
}

// longEnough bounds every wait: it is no measure of speed, but of patience with
// a busy machine.
const longEnough = 2 * time.Minute

// rig is a runtime on a real engine, and what is needed to look at it from
// outside.
type rig struct {
	*Manager
	site
	t       *testing.T
	profile config.Profile
	server  Server
	tokens  *jupyter.TokenStore
	logMu   sync.Mutex
	backups string
	news    *ImageNews // can be nil
	log     *bytes.Buffer
	idle    bool // open it as a program that stops what is idle
	wakes   bool // open it as a program that wakes what Colab asks for
	locks   string
	stop    func()
}

// site is an engine of the test environment.
type site struct {
	host    string
	address string                // by which the program reaches it; that of host where it is empty
	podman  *testenv.PodmanEngine // nil on Docker
	memory  *inMemorySite         // nil on a real engine
}

// onDocker is the engine that all tests share.
func onDocker(t *testing.T) site {
	t.Helper()
	return site{host: testenv.Engine(t)}
}

// onPodman is the Podman of this package's tests.
func onPodman(t *testing.T) site {
	t.Helper()
	podman := testenv.Podman(t)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Podman said:\n%s", podman.Message())
		}
	})
	return site{host: podman.Host(), podman: podman}
}

// image returns the reference of one of the test environment's images, which is there.
func (s site) image(t *testing.T, image string) string {
	t.Helper()
	if s.memory != nil {
		return image
	}
	if s.podman != nil {
		return s.podman.Image(t, image)
	}
	return testenv.Image(t, image)
}

// runtimeName returns a name whose container and volume end with the test.
func (s site) runtimeName(t *testing.T) string {
	t.Helper()
	if s.memory != nil {
		return s.memory.name()
	}
	if s.podman != nil {
		return s.podman.RuntimeName(t)
	}
	return testenv.RuntimeName(t)
}

// open returns the engine as a program has it, and what ends that.
func (s site) open(t *testing.T) (e engine.Engine, closed func()) {
	t.Helper()
	switch {
	case s.memory == nil:
	case s.memory.as != nil:
		return s.memory.as, func() {}
	default:
		return s.memory.Engine, func() {}
	}
	if s.address != "" {
		d := docker.Open(s.address, slog.New(slog.DiscardHandler))
		return d, func() { _ = d.Close() }
	}
	d, err := docker.New(s.host)
	if err != nil {
		t.Fatal(err)
	}
	return d, func() { _ = d.Close() }
}

// sites are the real engines by name.
var sites = map[string]func(*testing.T) site{"docker": onDocker, "podman": onPodman}

// images are the two kinds of server by name.
var images = map[string]string{"notebook6": testenv.Notebook6, "server2": testenv.Server2}

// realEngine skips the test with -short: a start of Jupyter takes seconds. The
// test runs beside others, for it waits most of the time.
func realEngine(t *testing.T) {
	t.Helper()
	testenv.Takes(t, "it starts Jupyter on a real engine")
	t.Parallel()
}

// The tests choose what they run on. Most need a server that becomes ready, and
// nothing else of Jupyter; they have the stand-in. What an engine does is held by the
// engines' own suite, so a test needs each of them where it goes by what they do
// differently: what their archives have of a volume, how they name and label, what
// they say.

// eachRig runs a test of what is Jupyter's own with both real servers, on Docker and
// on Podman. All four pairs are tried with CI set; otherwise those that eachServer does
// not try. The rigs are not opened yet.
func eachRig(t *testing.T, test func(t *testing.T, r *rig)) {
	realEngine(t)
	for name, image := range images {
		for engine, at := range sites {
			if !testenv.Full() && (engine == "docker") != (image == testenv.Server2) {
				continue
			}
			t.Run(name+" on "+engine, func(t *testing.T) {
				t.Parallel()
				test(t, newRig(t, at(t), image))
			})
		}
	}
}

// eachServer is [eachRig] where no more pairs are needed: each engine has another
// server.
func eachServer(t *testing.T, test func(t *testing.T, r *rig)) {
	realEngine(t)
	on(t, "docker", testenv.Notebook6, test)
	on(t, "podman", testenv.Server2, test)
}

// eachEngine runs a test with the stand-in on Docker and on Podman.
func eachEngine(t *testing.T, test func(t *testing.T, r *rig)) {
	realEngine(t)
	on(t, "docker", testenv.FakeJupyter, test)
	on(t, "podman", testenv.FakeJupyter, test)
}

// oneEngine runs a test with the stand-in on Docker.
func oneEngine(t *testing.T, test func(t *testing.T, r *rig)) {
	realEngine(t)
	on(t, "docker", testenv.FakeJupyter, test)
}

// dataEngines runs a test of what is done with the data: with the stand-in on Docker, and
// with CI set on Podman as well.
func dataEngines(t *testing.T, test func(t *testing.T, r *rig)) {
	oneEngine(t, test)
	if testenv.Full() {
		on(t, "podman", testenv.FakeJupyter, test)
	}
}

func on(t *testing.T, engine, image string, test func(t *testing.T, r *rig)) {
	t.Run(engine, func(t *testing.T) {
		t.Parallel()
		test(t, newRig(t, sites[engine](t), image))
	})
}

// newRig makes a runtime that does not exist yet of one of the test environment's images.
func newRig(t *testing.T, at site, image string) *rig {
	t.Helper()
	return newRigOf(t, at, at.image(t, image))
}

// newRigOf is newRig with an image that is or is not there.
func newRigOf(t *testing.T, at site, image string) *rig {
	t.Helper()
	r := &rig{
		site:    at,
		t:       t,
		profile: config.Default(),
		server:  shipped(),
		log:     new(bytes.Buffer),
		backups: filepath.Join(t.TempDir(), "backups"),
		locks:   filepath.Join(t.TempDir(), "locks"),
		tokens:  jupyter.NewTokenStore(filepath.Join(t.TempDir(), "tokens.json"), slog.New(slog.DiscardHandler)),
	}
	r.profile.Image = image
	r.profile.Port = testenv.FreePort(t)
	r.profile.Runtime = at.runtimeName(t)
	return r
}

// neighbour makes another runtime of the same image on the same engine.
func (r *rig) neighbour() *rig {
	r.t.Helper()
	return newRigOf(r.t, r.site, r.profile.Image)
}

// shipped is what the program puts into containers.
func shipped() Server {
	return Server{
		Cmd:           colab.StartCommand(),
		Files:         colab.ServerFiles,
		HandmadeFiles: colab.HandmadeFiles(),
		Ours:          colab.IsOurs,
	}
}

// Open begins to manage the runtime, as a program does that is started.
func (r *rig) Open() *rig {
	r.t.Helper()
	r.begin()
	r.t.Cleanup(func() {
		r.stop()
		if r.t.Failed() {
			r.t.Logf("log of the manager:\n%s", r.log)
		}
	})
	return r
}

// begin is Open for a test that ends it.
func (r *rig) begin() {
	r.t.Helper()
	e, closed := r.site.open(r.t)
	log := slog.New(slog.NewTextHandler(&lockedWriter{mu: &r.logMu, w: r.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	link := NewLink(e, log)
	o := Options{Server: r.server, Tokens: r.tokens, Backups: r.backups, StopIdle: r.idle, News: r.news, Locks: r.locks, Log: log}
	if r.wakes {
		o.WakeFor = colab.Origin
	}
	r.Manager = NewManager(link, r.profile, o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	m := r.Manager
	running.Go(func() { m.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		closed()
	})
}

// lockedWriter lets several goroutines write.
type lockedWriter struct {
	mu *sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// until waits for a snapshot.
func (r *rig) until(what string, is func(Snapshot) bool) Snapshot {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), longEnough)
	defer cancel()
	var last Snapshot
	for last = range r.Watch(ctx) {
		if is(last) {
			return last
		}
	}
	r.t.Fatalf("waited for %s in vain; it is %+v, problem %+v", what, last, last.Problem)
	return last
}

func (r *rig) untilState(s State) Snapshot {
	r.t.Helper()
	return r.until(s.String(), func(now Snapshot) bool { return now.State == s })
}

// mustStart starts the runtime and returns the ready snapshot.
func (r *rig) mustStart() Snapshot {
	r.t.Helper()
	return r.must(r.Start)
}

// must does what has to end in a ready runtime.
func (r *rig) must(action func(context.Context) error) Snapshot {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), longEnough)
	defer cancel()
	if err := action(ctx); err != nil {
		r.t.Fatal(slog.AnyValue(err).Resolve())
	}
	s := r.Snapshot()
	if s.State != Ready || s.URL.IsZero() {
		r.t.Fatalf("done, but not ready: %+v", s)
	}
	return s
}

// mustServe fails the test unless the Backend URL opens the API, and unless it is
// the token that does.
func (r *rig) mustServe(u jupyter.BackendURL) {
	r.t.Helper()
	base := fmt.Sprintf("http://localhost:%d/api/status", u.Port())
	for address, want := range map[string]int{base + "?token=" + u.Token().Reveal(): 200, base: 403, base + "?token=wrong": 403} {
		response, err := http.DefaultClient.Get(address)
		if err != nil {
			r.t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			r.t.Errorf("%s was answered with %d, not %d", strings.Split(address, "?")[0], response.StatusCode, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// docker runs a docker command on the rig's engine.
func (r *rig) docker(args ...string) string {
	r.t.Helper()
	return testenv.DockerAt(r.t, r.host, args...)
}

// Problem asserts that err is a problem of that kind.
func (r *rig) Problem(err error, code problem.Code) *problem.Problem {
	r.t.Helper()
	p, is := err.(*problem.Problem)
	if !is || p.Code != code {
		r.t.Fatalf("got %v (%#v), want a problem %q", err, err, code)
	}
	return p
}
