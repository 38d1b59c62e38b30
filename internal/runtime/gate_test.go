package runtime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

const keptToken = "0123456789abcdef0123456789abcdef"

// waking makes the rig one of a runtime that Colab wakes. Its token stays the same.
func (r *rig) waking() *rig {
	r.profile.Wake, r.profile.Token, r.wakes = true, config.TokenKeep, true
	r.profile.Env = []config.Variable{{Name: "JUPYTER_TOKEN", Value: secret.New(keptToken)}}
	return r
}

// ask makes a request as Colab's page does, and returns the status and who answered.
func (r *rig) ask(path, token string) (status int, byGateway bool) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, fmt.Sprintf("http://localhost:%d%s?token=%s", r.profile.Port, path, token), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Origin", colab.Origin)
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		r.t.Error(err)
		return 0, false
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header.Get("Cache-Control") == "no-store"
}

// listened reports whether somebody listens at the runtime's port.
func (r *rig) listened() bool {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.profile.Port)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

const connects = "/api/colab/build-info"

func TestWaking(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.waking().Open()
		s := r.mustStart()
		if s.Port != r.profile.Port || s.URL.Port() != s.Port || s.InnerPort != r.profile.Kind.Port() || !s.Listens || s.Woken || s.RestartToApply {
			t.Errorf("started by hand: %+v", s)
		}
		r.mustServe(s.URL)
		if status, byGateway := r.ask(connects, keptToken); byGateway {
			t.Errorf("the gateway answers for a runtime that is ready: %d", status)
		}
		if c, err := r.Container(t.Context()); err != nil || c.Ports[s.InnerPort] == s.Port || c.Ports[s.InnerPort] == 0 {
			t.Errorf("the container has the ports %v (%v)", c.Ports, err)
		}

		r.mustDo(r.Stop)
		for _, test := range []struct {
			path, token string
			want        int
		}{{connects, "wrong", 403}, {connects, "", 403}, {"/api/kernels", keptToken, 503}, {"/api/sessions", keptToken, 503}} {
			if status, byGateway := r.ask(test.path, test.token); status != test.want || !byGateway {
				t.Errorf("%s with %q: %d, of the gateway %t", test.path, test.token, status, byGateway)
			}
		}
		if s := r.Snapshot(); s.State != Stopped || !s.Listens || s.Port != r.profile.Port {
			t.Fatalf("polling made it %+v", s)
		}

		var asking sync.WaitGroup
		for range 5 {
			asking.Go(func() {
				if status, byGateway := r.ask(connects, keptToken); byGateway {
					t.Errorf("connecting was answered by the gateway, with %d", status)
				}
			})
		}
		asking.Wait()
		if s := r.Snapshot(); s.State != Ready || !s.Woken {
			t.Errorf("connecting made it %+v", s)
		}
		r.mustDo(r.Stop)
		if s := r.mustStart(); s.Woken {
			t.Errorf("started by hand: %+v", s)
		}
		if strings.Contains(r.log.String(), keptToken) {
			t.Error("the log has the token")
		}
	})
}

// TestWakingAfterIdleStop lets a page that is left open poll on.
func TestWakingAfterIdleStop(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.waking().Open()
		r.mustStart()
		r.stop()
		if r.listened() {
			t.Error("a program that has ended listens")
		}
		r.openIdle(2e9)
		if s := r.untilState(Stopped); !s.IdleStopped {
			t.Errorf("stopped, but %+v", s)
		}
		if status, byGateway := r.ask("/api/kernels", keptToken); status != 503 || !byGateway {
			t.Errorf("a page that polls gets %d", status)
		}
		if s := r.Snapshot(); s.State != Stopped {
			t.Errorf("a page that polls makes it %s", s.State)
		}
		if status, byGateway := r.ask(connects, keptToken); byGateway {
			t.Errorf("connecting was answered by the gateway, with %d", status)
		}
	})
}

// TestIdleStopWithOpenTab has a tab of Colab keep a connection open through the gateway, and
// ask on it again and again, while the runtime is to be stopped for idleness.
func TestIdleStopWithOpenTab(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), images["server2"]).waking()
	r.idle = true
	r.Open()
	u := r.mustStart().URL
	tab, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(u.Port())))
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	polled, ended := make(chan struct{}), make(chan int)
	go func() {
		answers, times := bufio.NewReader(tab), 0
		for ; ; times++ {
			fmt.Fprintf(tab, "GET /api/kernels?token=%s HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: %s\r\n\r\n", keptToken, u.Port(), colab.Origin)
			response, err := http.ReadResponse(answers, nil)
			if err != nil || response.StatusCode != http.StatusOK {
				break
			}
			_, _ = io.Copy(io.Discard, response.Body)
			if times == 0 {
				close(polled)
			}
			time.Sleep(20 * time.Millisecond) // a page has pauses, too
		}
		ended <- times
	}()
	<-polled
	p := r.Profile()
	p.IdleStop = time.Second
	r.SetProfile(p)
	if s := r.untilState(Stopped); !s.IdleStopped || s.Problem != nil {
		t.Errorf("stopped, but %+v", s)
	}
	if times := <-ended; times < 10 {
		t.Errorf("the tab asked %d times", times)
	}
}

// TestTokenIsRemembered has programs with and without a file for it wake the runtime.
func TestTokenIsRemembered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, reopened bool
		engine         string
		want           int
	}{
		"in the file":               {true, true, "", http.StatusNotFound},
		"in the file, of an engine": {true, true, "unix:///engine.sock", http.StatusNotFound},
		"in memory":                 {false, false, "", http.StatusNotFound},
		"nowhere":                   {false, true, "", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, inMemory(t), images["server2"]).waking()
			r.profile.Engine = test.engine
			if !test.file {
				r.tokens = nil
			}
			r.Open()
			r.mustStart()
			r.mustDo(r.Stop)
			if test.reopened {
				r.stop()
				r.Open()
				r.untilState(Stopped)
			}
			if status, _ := r.ask(connects, keptToken); status != test.want {
				t.Errorf("answered with %d", status)
			}
		})
	}
}

// TestGatewayLastsOverRestarts has the settings change, and the container with them.
func TestGatewayLastsOverRestarts(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.waking()
		r.profile.Wake = false
		r.Open()
		direct := r.mustStart()
		if direct.Listens || direct.Port != r.profile.Port {
			t.Errorf("without waking: %+v", direct)
		}
		set := func(change func(p *config.Profile)) {
			change(&r.profile)
			r.SetProfile(r.profile)
		}
		set(func(p *config.Profile) { p.Wake = true })
		r.until("the change", func(s Snapshot) bool { return s.RestartToApply })
		s := r.must(r.Restart)
		if !s.Listens || s.Port != direct.Port || s.RestartToApply || s.URL != direct.URL {
			t.Errorf("with waking: %+v", s)
		}
		r.mustServe(s.URL)
		r.must(r.Restart)
		set(func(p *config.Profile) { p.Env = append(p.Env, config.Variable{Name: "A", Value: secret.New("b")}) })
		if s := r.must(r.Restart); !s.Listens || s.RestartToApply || s.Container == direct.Container {
			t.Errorf("with a variable: %+v", s)
		}
		r.mustServe(s.URL)
		set(func(p *config.Profile) { p.Wake = false })
		if s := r.must(r.Restart); s.Listens || s.Port != direct.Port {
			t.Errorf("without waking again: %+v", s)
		}
		r.mustServe(s.URL)
	})
}

// TestGatewayPortTaken has the port in use before a start, and then by a second program
// of the same person.
func TestGatewayPortTaken(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.waking().Open()
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.profile.Port)))
		if err != nil {
			t.Fatal(err)
		}
		p := r.Problem(r.Start(t.Context()), problem.PortInUse)
		if len(p.Acts) == 0 || p.Acts[0].Name != problem.ActUsePort {
			t.Errorf("the problem offers %v", p.Acts)
		}
		_ = l.Close()
		s := r.mustStart()

		second := r.again()
		second.until("the gateway of the first", func(s Snapshot) bool { return s.State == Ready && !s.Listens && s.Problem == nil })
		r.mustServe(s.URL)
		if r.HandOver(t.Context()) {
			t.Error("the first one, which never found another, waits for one")
		}
		r.stop()
		second.until("the second to listen", func(s Snapshot) bool { return s.State == Ready && s.Listens })
		r.mustServe(s.URL)
		third := r.again()
		third.until("the gateway of the second", func(s Snapshot) bool { return s.State == Ready && !s.Listens })
		if !second.HandOver(t.Context()) {
			t.Error("the second one finds nobody who goes on")
		}
	})
}

// again opens the runtime in a second program.
func (r *rig) again() *rig {
	r.t.Helper()
	second := &rig{
		site: r.site, t: r.t, profile: r.profile, server: r.server, log: r.log, backups: r.backups, locks: r.locks, tokens: r.tokens, wakes: r.wakes,
	}
	return second.Open()
}

// TestGatewayPortTakenLater has the port in use while the container runs.
func TestGatewayPortTakenLater(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.waking().Open()
		r.mustStart()
		r.stop()
		l := takeFreed(t, r.profile.Port)
		r.Open()
		if s := r.untilState(Unhealthy); s.Problem == nil || s.Problem.Code != problem.PortInUse || len(s.Problem.Acts) == 0 {
			t.Errorf("it is %+v", s)
		}
		_ = l.Close()
		r.mustServe(r.untilState(Ready).URL)
	})
}

// TestWakingFails has no start succeed.
func TestWakingFails(t *testing.T) {
	t.Parallel()
	broken := &failing{}
	at := inMemory(t)
	broken.Engine = at.memory.Engine
	at.memory.as = broken
	r := newRig(t, at, images["server2"]).waking().Open()
	r.mustStart()
	r.mustDo(r.Stop)
	broken.set(errors.New("no room"))
	if status, byGateway := r.ask(connects, keptToken); status != 503 || !byGateway {
		t.Errorf("a start that failed was answered with %d", status)
	}
	r.untilState(Failed)
	broken.set(nil)
	if status, byGateway := r.ask(connects, keptToken); status != 503 || !byGateway || r.Snapshot().State != Failed {
		t.Errorf("soon after: %d, %s", status, r.Snapshot().State)
	}
	r.mustStart()
}

// failing is an engine that fails to start containers.
type failing struct {
	engine.Engine
	mu  sync.Mutex
	err error
}

func (e *failing) set(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.err = err
}

func (e *failing) Start(ctx context.Context, id string) error {
	e.mu.Lock()
	err := e.err
	e.mu.Unlock()
	if err != nil {
		return err
	}
	return e.Engine.Start(ctx, id)
}

func (e *failing) Unwrap() engine.Engine { return e.Engine }

// elsewhere is an engine whose published ports are on another machine.
type elsewhere struct{ engine.Engine }

func (e elsewhere) Connect(ctx context.Context) (engine.Info, error) {
	info, err := e.Engine.Connect(ctx)
	info.Forwarded = true
	return info, err
}

func (e elsewhere) Unwrap() engine.Engine { return e.Engine }

// TestForwarded has the ports of the engine lead nowhere here.
func TestForwarded(t *testing.T) {
	t.Parallel()
	at := inMemory(t)
	at.memory.as = elsewhere{at.memory.Engine}
	r := newRig(t, at, images["server2"]).Open()
	s := r.mustStart()
	if !s.Listens || s.Port != r.profile.Port || s.InnerPort != 8888 || s.RestartToApply || len(s.Warnings) > 0 {
		t.Errorf("started: %+v", s)
	}
	r.mustServe(s.URL)
	r.mustServe(r.must(r.Restart).URL)
	r.mustDo(r.Stop)
	if r.listened() {
		t.Error("it is listened for a runtime that does not run")
	}
	r.mustStart()
	r.others("stop")
	r.untilState(Stopped)
	if r.listened() {
		t.Error("it is listened for a runtime that others stopped")
	}
}

// TestForwardedPorts: the profile's other ports are to be reached here at their numbers
// while a runtime on another machine runs. One that is taken is told of, as a failed start
// or as a warning.
func TestForwardedPorts(t *testing.T) {
	t.Parallel()
	at := inMemory(t)
	at.memory.as = elsewhere{at.memory.Engine}
	r := newRig(t, at, images["server2"])
	here := testenv.FreePort(t)
	r.profile.Ports = []config.PublishedPort{{Host: here, Container: 6006}}
	r.Open()
	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", here))
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Problem(r.Start(t.Context()), problem.PortInUse); !strings.Contains(p.Short, strconv.Itoa(here)) {
		t.Errorf("the problem is %+v", p)
	}
	if r.listened() {
		t.Error("it is listened for a start that failed")
	}
	_ = taken.Close()

	s := r.mustStart()
	if c, err := r.Container(t.Context()); err != nil || c.Ports[6006] == 0 || c.Ports[6006] == here {
		t.Errorf("the container has the ports %v (%v)", c.Ports, err)
	}
	if s.RestartToApply || len(s.Warnings) > 0 {
		t.Errorf("started: %+v", s)
	}
	// It leads into the container, where the connection waits for an answer.
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", here))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()

	// What becomes of the port while the runtime runs on.
	r.stop()
	taken = takeFreed(t, here)
	r.Open()
	r.until("the warning", func(s Snapshot) bool {
		return s.State == Ready && len(s.Warnings) == 1 && s.Warnings[0].Code == problem.PortInUse
	})
	_ = taken.Close()
	r.until("no warning", func(s Snapshot) bool { return s.State == Ready && len(s.Warnings) == 0 })
	r.mustDo(r.Stop)
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", here)); err == nil {
		_ = conn.Close()
		t.Error("it is listened for a runtime that does not run")
	}
}

// mustDo does what has to succeed.
func (r *rig) mustDo(action func(context.Context) error) {
	r.t.Helper()
	if err := action(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}
