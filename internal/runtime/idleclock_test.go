package runtime

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
)

// idleEngine is an engine with one container, whose Jupyter is a stand-in and
// whose clock is the test's: what takes hours is over at once.
type idleEngine struct {
	engine.Engine
	mu        sync.Mutex
	container engine.Container
	stopped   time.Time     // when it was asked to stop the container
	hang      chan struct{} // what a stop waits for; nil for nothing
	cpu       float64
	noStats   bool   // the engine measures nothing
	kernels   string // what the kernels say when they are asked in the container

	images    map[string]engine.ImageInfo
	remote    string // what the registry tells
	remoteErr error
	asked     int // how often the registry was asked
}

func (e *idleEngine) Connect(context.Context) (engine.Info, error) {
	return engine.Info{Name: "Docker", Host: "unix:///run/docker.sock", Command: "docker"}, nil
}

func (e *idleEngine) Watch(ctx context.Context, _ []string, opened func(), _ func(engine.Event)) error {
	opened()
	<-ctx.Done()
	return ctx.Err()
}

func (e *idleEngine) Inspect(context.Context, string) (engine.Container, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.container, nil
}

func (e *idleEngine) Image(_ context.Context, name, _ string) (engine.ImageInfo, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.images[name], nil
}

func (e *idleEngine) RemoteDigest(context.Context, string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	return e.remote, e.remoteErr
}

func (e *idleEngine) Get(context.Context, string, string) (io.ReadCloser, error) {
	return nil, engine.ErrNotFound
}

func (e *idleEngine) Reach(_ context.Context, c engine.Container, port int) (engine.Route, error) {
	return engine.LoopbackRoute(c, port)
}

func (e *idleEngine) Logs(context.Context, engine.Container, engine.LogQuery) (io.ReadCloser, error) {
	return nil, errors.New("no output")
}

func (e *idleEngine) Stats(ctx context.Context, _ string, each func(engine.Usage)) error {
	e.mu.Lock()
	noStats := e.noStats
	e.mu.Unlock()
	if noStats {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
			e.mu.Lock()
			cpu := e.cpu
			e.mu.Unlock()
			each(engine.Usage{CPU: cpu})
		}
	}
}

func (e *idleEngine) Exec(context.Context, string, []string) (stdout, stderr string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.kernels, "", nil
}

func (e *idleEngine) Stop(ctx context.Context, _ string, _ time.Duration) error {
	e.mu.Lock()
	e.stopped = time.Now()
	hang := e.hang
	e.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.container.Running, e.container.EndedAt = false, time.Now()
	return nil
}

// idleRig is a program that manages a ready runtime.
type idleRig struct {
	*Manager
	t       *testing.T
	engine  *idleEngine
	jupyter *idleJupyter
	began   time.Time
	end     func()
}

// idleJupyter is the stand-in. It serves outside of the test's clock.
type idleJupyter struct {
	mu      sync.Mutex
	status  int
	kernels string
}

func (j *idleJupyter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case r.URL.Path == "/api/status" && r.Header.Get("Authorization") != "token secret":
		w.WriteHeader(http.StatusForbidden)
	case r.URL.Path == "/api/kernels":
		w.WriteHeader(j.status)
		_, _ = io.WriteString(w, j.kernels)
	case r.URL.Path == "/api/terminals":
		_, _ = io.WriteString(w, "[]")
	}
}

func (j *idleJupyter) says(status int, kernels string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.status, j.kernels = status, kernels
}

// What Jupyter says of its kernels.
const (
	noKernels  = `[]`
	busyKernel = `[{"id": "k", "execution_state": "busy"}]`
	idleKernel = `[{"id": "k", "execution_state": "idle", "last_activity": "2001-01-01T00:00:00Z"}]`
)

// playIdle runs a test with a ready runtime that may be idle for so long.
func playIdle(t *testing.T, limit time.Duration, stopIdle bool, test func(s *idleRig)) {
	t.Helper()
	play(t, func(p *config.Profile, _ *idleEngine, o *Options) { p.IdleStop, o.StopIdle = limit, stopIdle }, test)
}

// play runs a test with a ready runtime.
func play(t *testing.T, prepare func(*config.Profile, *idleEngine, *Options), test func(s *idleRig)) {
	t.Helper()
	fakeJupyter := &idleJupyter{status: http.StatusOK, kernels: noKernels}
	server := httptest.NewServer(fakeJupyter)
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	tokens := filepath.Join(t.TempDir(), "tokens.json")
	synctest.Test(t, func(t *testing.T) {
		s := &idleRig{t: t, jupyter: fakeJupyter, began: time.Now()}
		s.engine = &idleEngine{container: engine.Container{
			Exists: true, Name: "r", ID: "c", Running: true, StartedAt: time.Now(), Ports: map[int]int{8888: port},
			Env: []string{"JUPYTER_TOKEN=secret"},
		}, kernels: "idle"}
		p := config.Default()
		p.Runtime = "r"
		log := slog.New(slog.DiscardHandler)
		o := Options{Tokens: jupyter.NewTokenStore(tokens, log), Log: log}
		prepare(&p, s.engine, &o)
		link := NewLink(s.engine, o.Log)
		s.Manager = NewManager(link, p, o)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { link.Run(ctx) })
		running.Go(func() { s.Run(ctx) })
		s.end = func() {
			cancel()
			running.Wait()
		}
		s.until("ready", func(now Snapshot) bool { return now.State == Ready })
		test(s)
		s.end()
	})
}

// until waits for a snapshot.
func (s *idleRig) until(what string, is func(Snapshot) bool) Snapshot {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 1000*time.Hour)
	defer cancel()
	var last Snapshot
	for last = range s.Watch(ctx) {
		if is(last) {
			return last
		}
	}
	s.t.Fatalf("waited for %s in vain; it is %+v", what, last)
	return last
}

// stays fails the test unless the runtime is ready for so long.
func (s *idleRig) stays(long time.Duration, why string) {
	s.t.Helper()
	time.Sleep(long)
	synctest.Wait()
	if now := s.Snapshot(); now.State != Ready {
		s.t.Fatalf("%s it is %s after %s", why, now.State, time.Since(s.began))
	}
}

// stops fails the test unless the runtime is stopped for idleness, so long after
// a moment and not before.
func (s *idleRig) stops(after time.Time, least, most time.Duration) {
	s.t.Helper()
	now := s.until("the stop", func(now Snapshot) bool { return now.State == Stopped })
	s.engine.mu.Lock()
	took := s.engine.stopped.Sub(after)
	s.engine.mu.Unlock()
	if took < least || took > most || !now.IdleStopped || !now.IdleStopAt.IsZero() || now.Problem != nil {
		s.t.Errorf("stopped after %s: %+v", took, now)
	}
}

func (s *idleRig) warned() Snapshot {
	s.t.Helper()
	return s.until("the warning", func(now Snapshot) bool { return !now.IdleStopAt.IsZero() })
}

// checking is how long the last check before a stop takes at most.
const checking = workInterval + 2*time.Second

func TestIdleStop(t *testing.T) {
	const limit = time.Hour
	for name, test := range map[string]func(s *idleRig){
		"nobody uses it": func(s *idleRig) {
			warned := s.warned()
			if at := time.Since(s.began); at < limit-longestWarning || at > limit-longestWarning+time.Second {
				s.t.Errorf("the warning comes after %s", at)
			}
			if left := time.Until(warned.IdleStopAt); warned.State != Ready || left < longestWarning-time.Second || left > longestWarning {
				s.t.Errorf("it is %s, to be stopped in %s", warned.State, left)
			}
			s.stops(s.began, limit, limit+checking)
		},
		"the person keeps it": func(s *idleRig) {
			s.warned()
			kept := time.Now()
			s.KeepRunning()
			if now := s.until("no warning", func(now Snapshot) bool { return now.IdleStopAt.IsZero() }); now.State != Ready {
				s.t.Errorf("kept, and still warned until it is %s", now.State)
			}
			s.stops(kept, limit, limit+checking)
		},
		"the person keeps it at the last moment": func(s *idleRig) {
			s.warned()
			time.Sleep(longestWarning + time.Second) // the last check goes on
			kept := time.Now()
			s.KeepRunning()
			s.stops(kept, limit, limit+2*checking)
		},
		"a kernel works": func(s *idleRig) {
			s.jupyter.says(http.StatusOK, busyKernel)
			s.stays(20*limit, "while a kernel works")
			s.jupyter.says(http.StatusOK, idleKernel)
			s.stops(time.Now(), 0, limit+checking)
		},
		"a kernel works that Jupyter calls idle": func(s *idleRig) {
			s.jupyter.says(http.StatusOK, idleKernel)
			s.engine.set(func(e *idleEngine) { e.kernels = "busy" })
			s.stays(20*limit, "while a kernel works")
			s.engine.set(func(e *idleEngine) { e.kernels = "idle" })
			s.stops(time.Now(), 0, limit+checking)
		},
		"kernels do not answer": func(s *idleRig) {
			s.jupyter.says(http.StatusOK, idleKernel)
			s.engine.set(func(e *idleEngine) { e.kernels = "" })
			s.stays(20*limit, "while nobody knows what the kernels do")
		},
		"Jupyter does not answer": func(s *idleRig) {
			s.jupyter.says(http.StatusInternalServerError, "")
			s.stays(20*limit, "while nobody knows what works")
			s.jupyter.says(http.StatusOK, noKernels)
			s.stops(time.Now(), 0, limit+checking)
		},
		"it computes": func(s *idleRig) {
			s.engine.set(func(e *idleEngine) { e.cpu = 2 * working })
			s.stays(20*limit, "while something computes")
			s.engine.set(func(e *idleEngine) { e.cpu = working / 2 })
			s.stops(time.Now(), 0, limit+checking)
		},
		"the engine measures nothing": func(s *idleRig) {
			s.engine.set(func(e *idleEngine) { e.noStats = true })
			s.stays(20*limit, "while nobody knows whether something computes")
			s.engine.set(func(e *idleEngine) { e.noStats = false })
			s.stops(time.Now(), 0, limit+checking)
		},
		"its person stops it": func(s *idleRig) {
			s.warned()
			if err := s.Stop(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
			if s.Snapshot().IdleStopped {
				s.t.Error("what its person has stopped is said to be stopped for idleness")
			}
		},
		"the program ends during the stop": func(s *idleRig) {
			s.engine.set(func(e *idleEngine) { e.hang = make(chan struct{}) })
			s.until("the stop", func(now Snapshot) bool { return now.State == Stopping })
			s.end() // and the test's clock finds what does not end
		},
		"a shorter limit comes late": func(s *idleRig) {
			time.Sleep(limit / 2)
			p := s.Profile()
			p.IdleStop = time.Minute
			changed := time.Now()
			s.SetProfile(p)
			s.warned()
			s.stops(changed, time.Minute/2, time.Minute/2+checking)
		},
	} {
		t.Run(name, func(t *testing.T) { playIdle(t, limit, true, test) })
	}
}

// TestTerminalStopsNothing: only the program that stays stops what is idle.
func TestTerminalStopsNothing(t *testing.T) {
	playIdle(t, time.Nanosecond, false, func(s *idleRig) { s.stays(1000*time.Hour, "in a program that does not stay") })
	playIdle(t, time.Nanosecond, true, func(s *idleRig) { s.stops(s.began, 0, checking) })
	playIdle(t, 0, true, func(s *idleRig) { s.stays(1000*time.Hour, "without a limit") })
}

func (e *idleEngine) set(change func(*idleEngine)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}
