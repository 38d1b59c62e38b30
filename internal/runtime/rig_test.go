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
	"colabtray/test/bed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(lastly{m}) }

// lastly ends what the tests share before leaks are looked for.
type lastly struct{ *testing.M }

func (l lastly) Run() int {
	defer bed.End(os.Stderr)
	return l.M.Run()
}

// longEnough bounds every wait: it is no measure of speed, but of patience with
// a busy machine.
const longEnough = 2 * time.Minute

// rig is a runtime on a real engine, and what is needed to look at it from
// outside.
type rig struct {
	*Manager
	t       *testing.T
	profile config.Profile
	engine  string
	podman  *bed.PodmanEngine // nil on Docker
	server  Server
	tokens  *TokenStore
	logMu   sync.Mutex
	backups string
	log     *bytes.Buffer
	idle    bool // open it as a program that stops what is idle
	stop    func()
}

// eachImage runs a test with both kinds of server.
func eachImage(t *testing.T, test func(t *testing.T, image string)) {
	for name, image := range map[string]string{"notebook6": bed.Notebook6, "server2": bed.Server2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, bed.Image(t, image))
		})
	}
}

// eachRig runs a test with both kinds of server on Docker, and with one on
// Podman. The rigs are not opened yet.
func eachRig(t *testing.T, test func(t *testing.T, r *rig)) {
	eachImage(t, func(t *testing.T, image string) { test(t, newRig(t, image)) })
	onPodman(t, test)
}

// eachEngine runs a test with one kind of server on Docker and on Podman.
func eachEngine(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		test(t, newRig(t, bed.Image(t, bed.Notebook6)))
	})
	onPodman(t, test)
}

func onPodman(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		podman := bed.Podman(t)
		r := newRigAt(t, podman.Host(), podman.Image(t, bed.Notebook6))
		r.podman = podman
		r.profile.Runtime = podman.RuntimeName(t)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("Podman said:\n%s", podman.Said())
			}
		})
		test(t, r)
	})
}

// newRig makes a runtime of the image that does not exist yet on the test
// bed's engine.
func newRig(t *testing.T, image string) *rig {
	t.Helper()
	r := newRigAt(t, bed.Engine(t), image)
	r.profile.Runtime = bed.RuntimeName(t)
	return r
}

// neighbour makes another runtime of the same image on the same engine.
func (r *rig) neighbour() *rig {
	r.t.Helper()
	n := newRigAt(r.t, r.engine, r.profile.Image)
	if n.podman = r.podman; n.podman != nil {
		n.profile.Runtime = n.podman.RuntimeName(r.t)
	} else {
		n.profile.Runtime = bed.RuntimeName(r.t)
	}
	return n
}

func newRigAt(t *testing.T, engine, image string) *rig {
	t.Helper()
	r := &rig{
		t:       t,
		profile: config.Default(),
		engine:  engine,
		server:  shipped(),
		log:     new(bytes.Buffer),
		backups: filepath.Join(t.TempDir(), "backups"),
		tokens:  NewTokenStore(filepath.Join(t.TempDir(), "tokens.json"), slog.New(slog.DiscardHandler)),
	}
	r.profile.Image = image
	r.profile.Port = bed.FreePort(t)
	return r
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

// open begins to manage the runtime, as a program does that is started.
func (r *rig) open() *rig {
	r.t.Helper()
	docker, err := NewDocker(r.engine)
	if err != nil {
		r.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&lockedWriter{mu: &r.logMu, w: r.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	link := NewLink(docker, log)
	r.Manager = NewManager(link, r.profile, Options{Server: r.server, Tokens: r.tokens, Backups: r.backups, StopIdle: r.idle, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	running.Go(func() { r.Run(ctx) })
	r.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		_ = docker.Close()
	})
	r.t.Cleanup(func() {
		r.stop()
		if r.t.Failed() {
			r.t.Logf("log of the manager:\n%s", r.log)
		}
	})
	return r
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
		r.t.Fatalf("%v: %+v", err, r.Snapshot().Problem)
	}
	s := r.Snapshot()
	if s.State != Ready || s.URL.IsZero() {
		r.t.Fatalf("done, but not ready: %+v", s)
	}
	return s
}

// works fails the test unless the Backend URL opens the API, and unless it is
// the token that does.
func (r *rig) works(u BackendURL) {
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
	return bed.DockerAt(r.t, r.engine, args...)
}

// problem asserts that err is a problem of that kind.
func (r *rig) problem(err error, code Code) *Problem {
	r.t.Helper()
	p, is := err.(*Problem)
	if !is || p.Code != code {
		r.t.Fatalf("got %v (%#v), want a problem %q", err, err, code)
	}
	return p
}
