package jupyter

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

// outputOnly is an engine that has only the output of a container. No real engine can
// be made to announce an address exactly while a request hangs.
type outputOnly struct {
	engine.Engine
	output io.ReadCloser
	info   string // an info file; empty for none
}

func (e outputOnly) Reach(_ context.Context, c engine.Container, port int) (engine.Route, error) {
	return engine.LoopbackRoute(c, port)
}

func (e outputOnly) Get(_ context.Context, _, path string) (io.ReadCloser, error) {
	if e.info == "" || !strings.HasPrefix(path, "/home/jovyan/") {
		return nil, engine.ErrNotFound
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	_ = w.WriteHeader(&tar.Header{Name: "runtime/jpserver-7.json", Mode: 0o600, Size: int64(len(e.info)), ModTime: time.Now()})
	_, _ = io.WriteString(w, e.info)
	_ = w.Close()
	return io.NopCloser(&archive), nil
}

func (e outputOnly) Logs(context.Context, engine.Container, engine.LogQuery) (io.ReadCloser, error) {
	return e.output, nil
}

// TestAnnouncementReplacesLook: a request that was sent before Jupyter listened can
// hang. An announcement in the output starts a new request without waiting for the old
// one.
func TestAnnouncementReplacesLook(t *testing.T) {
	output, write := io.Pipe()
	hanging := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token secret" {
			hanging <- struct{}{}
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	number, _ := strconv.Atoi(port)

	ctx, cancel := context.WithCancel(t.Context())
	events := make(chan Report, 10)
	w := &Watch{
		Engine:    outputOnly{output: output},
		HostPort:  number,
		Kind:      config.KindJupyter,
		Container: ours(engine.Container{Exists: true, Running: true, ID: "c", StartedAt: time.Now(), Ports: map[int]int{8888: number}}, "r"),
		Recheck:   make(chan struct{}),
		Timeout:   time.Hour,
		Post:      func(e Report) { events <- e },
	}
	over := make(chan struct{})
	go func() {
		w.Run(ctx)
		close(over)
	}()
	<-hanging
	if _, err := io.WriteString(write, "http://runtime:8888/?token=secret\n"); err != nil {
		t.Fatal(err)
	}
	if a, is := (<-events).(Answer); !is || a.URL.Token().Reveal() != "secret" {
		t.Errorf("got %T", a)
	}
	cancel()
	<-over
}

// TestStatusOfAnAnswer: only status 200 means that Jupyter accepts the token. The test
// server speaks real HTTP, so that the target of a redirect is not mistaken for
// Jupyter.
func TestStatusOfAnAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/api/status" {
			t.Errorf("%s is asked for", r.URL)
			return
		}
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "token ")
		w.Header().Set("Location", "/login")
		w.Header().Set(overruledHeader, "ip")
		status, err := strconv.Atoi(token)
		if err != nil {
			status = http.StatusForbidden // as Jupyter answers to a wrong token, and to none
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	w := &Watch{HostPort: server.Listener.Addr().(*net.TCPAddr).Port, send: sendToHost}
	refused := map[string]bool{"": true, "wrong": true, "401": true, "403": true, "302": true}
	for _, token := range []string{
		"200", "", "wrong", "401", "403", "302", "201", "204", "206", "301", "303", "307", "400", "404", "405", "429", "500", "502", "503", "599",
	} {
		message, err := w.requestStatus(t.Context(), secret.New(token))
		var f probeResult
		f.record(err)
		if accepted := err == nil; accepted != (token == "200") || accepted != (message == "ip") || !f.answered {
			t.Errorf("%q: accepted is %v (%v), heard is %v, and it says %q", token, accepted, err, f.answered, message)
		}
		if errors.Is(err, errRefused) != refused[token] {
			t.Errorf("%q: %v", token, err)
		}
	}
}

// TestNotReadyBeforeTheTokenIsAccepted: no other answer makes a runtime ready, whatever
// else the server does.
func TestNotReadyBeforeTheTokenIsAccepted(t *testing.T) {
	for _, status := range []int{201, 204, 301, 302, 401, 403, 404, 500, 503} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			var up atomic.Bool
			answer := func(token, path string) (int, error) {
				if path == "/api" || up.Load() && token == "secret" {
					return http.StatusOK, nil
				}
				return status, nil
			}
			newProbeTest(t, ours(engine.Container{}, "r"), `{"token": "secret", "base_url": "/"}`, answer, func(s *probeTest) {
				s.printLine(announcesT)
				time.Sleep(time.Hour)
				synctest.Wait()
				for len(s.events) > 0 {
					if a, is := (<-s.events).(Answer); is {
						t.Fatalf("ready by the answer %d, with %v", status, a.URL)
					}
				}
				up.Store(true)
				time.Sleep(reportedDelay)
				synctest.Wait()
				ready := false
				for len(s.events) > 0 {
					if a, is := (<-s.events).(Answer); is {
						ready = a.URL.Token().Reveal() == "secret"
					}
				}
				if !ready {
					t.Errorf("after the answer %d it never becomes ready", status)
				}
			})
		})
	}
}

// TestPauseBetweenLooks: without an answer the pauses between probes grow, up to what a
// person would accept.
func TestPauseBetweenLooks(t *testing.T) {
	var asked []time.Time
	notYet := func(_, path string) (int, error) {
		if path == "/api" {
			asked = append(asked, time.Now())
		}
		return 0, io.EOF
	}
	newProbeTest(t, engine.Container{}, "", notYet, func(s *probeTest) {
		began := time.Now()
		time.Sleep(time.Hour)
		synctest.Wait()
		for i := range asked[1:] {
			longest := longestDelay
			if asked[i].Sub(began) >= patience {
				longest = reportedDelay // nobody waits for it any more
			}
			if pause := asked[i+1].Sub(asked[i]); pause < firstDelay || pause > longest {
				t.Fatalf("after %s the pause is %s", asked[i].Sub(began), pause)
			}
		}
		if first := asked[0].Sub(began); first != 0 || len(asked) < 10 {
			t.Errorf("%d looks, the first after %s", len(asked), first)
		}
	})
}

// TestFirstProbe: the first probe reads the info files, and so tells at once what is
// wrong with a server that is up, but not in a container that has only just started.
func TestFirstProbe(t *testing.T) {
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // by the clock of the test
	for _, test := range []struct {
		age   time.Duration
		reads bool
	}{{0, false}, {startTime - 1, false}, {startTime, true}, {time.Hour, true}} {
		c := engine.Container{StartedAt: now.Add(-test.age)}
		newProbeTest(t, c, `{"token": "abc", "secure": true, "base_url": "/"}`, noServer, func(s *probeTest) {
			synctest.Wait()
			if p := s.reportedProblem(); (p != nil) != test.reads {
				t.Errorf("%s after the start the first probe tells %v", test.age, p)
			}
			if !test.reads {
				s.within(0, 10*time.Second, problem.Serves)
			}
		})
	}
}

// noOutput is an engine that cannot open a container's output.
type noOutput struct {
	engine.Engine
	tried []time.Time
}

func (e *noOutput) Logs(context.Context, engine.Container, engine.LogQuery) (io.ReadCloser, error) {
	e.tried = append(e.tried, time.Now())
	return nil, engine.ErrUnreachable
}

// TestPauseBetweenTriesForOutput: if the output cannot be followed, the next attempt
// comes within a minute.
func TestPauseBetweenTriesForOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Hour)
		defer cancel()
		e := new(noOutput)
		(&Watch{Engine: e}).followOutput(ctx, logSignals{})
		if len(e.tried) < 600 {
			t.Errorf("it was tried %d times in 10 hours", len(e.tried))
		}
		for i := range e.tried[1:] {
			if pause := e.tried[i+1].Sub(e.tried[i]); pause < time.Second || pause > time.Minute {
				t.Errorf("a pause of %s", pause)
			}
		}
	})
}

// probeTest waits for one run of a server. The test controls the clock, the output and
// the server, so that minutes pass at once.
type probeTest struct {
	t      *testing.T
	out    *io.PipeWriter
	events chan Report
}

// newProbeTest runs a test with a server that answers as the function says.
func newProbeTest(t *testing.T, c engine.Container, info string, answer func(token, path string) (status int, err error), test func(s *probeTest)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		output, out := io.Pipe()
		s := &probeTest{t: t, out: out, events: make(chan Report, 1000)}
		c.Exists, c.Running, c.ID, c.Ports = true, true, "c", map[int]int{8888: 8888}
		if c.StartedAt.IsZero() {
			c.StartedAt = time.Now()
		}
		w := &Watch{
			Engine: outputOnly{output: output, info: info}, Info: engine.Info{Host: "unix:///run/docker.sock", Command: "docker"}, HostPort: 8888, Kind: config.KindJupyter, Container: c,
			Recheck: make(chan struct{}), Timeout: RequestTimeout, Post: func(e Report) { s.events <- e },
			send: func(r *http.Request) (*http.Response, error) {
				token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "token ")
				status, err := answer(token, r.URL.Path)
				if err != nil {
					return nil, err
				}
				return &http.Response{StatusCode: status, Body: http.NoBody}, nil
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			w.Run(ctx)
			close(over)
		}()
		test(s)
		cancel()
		<-over
	})
}

// printLine writes a line of output, and waits until the program has handled it.
func (s *probeTest) printLine(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.out, line+"\n"); err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// reportedProblem returns the last reported problem. It is nil if there was none, or if
// Jupyter answered later.
func (s *probeTest) reportedProblem() (p *problem.Problem) {
	for {
		select {
		case e := <-s.events:
			switch e := e.(type) {
			case Fault:
				p = e.Problem
			case Answer:
				p = nil
			}
		default:
			return p
		}
	}
}

// within fails the test unless a problem of that kind is reported soon enough, and not
// too early.
func (s *probeTest) within(least, most time.Duration, code problem.Code) *problem.Problem {
	s.t.Helper()
	began := time.Now()
	for {
		synctest.Wait()
		took := time.Since(began)
		if p := s.reportedProblem(); p != nil {
			if p.Code != code || took < least {
				s.t.Fatalf("after %s: %+v", took, p)
			}
			return p
		}
		if took > most {
			s.t.Fatalf("after %s no problem was told", took)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

const announcesT = "[I 2026-11-26 22:57:32.825 ServerApp] http://127.0.0.1:8888/?token=secret"

// accepts returns a server with that token that answers like Jupyter.
func accepts(token string) func(string, string) (int, error) {
	return func(got, path string) (int, error) {
		if path == "/api" || got == token {
			return http.StatusOK, nil
		}
		return http.StatusForbidden, nil
	}
}

// noServer answers like docker-proxy while no server listens behind it.
func noServer(string, string) (int, error) { return 0, io.EOF }

// refusing is a port at which nothing listens.
func refusing(string, string) (int, error) {
	return 0, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// hostile has lines that a container may write, or a page by way of the request log. %s
// is replaced by a new text each time.
var hostile = []string{
	"[W 10:00:00 NotebookApp] 403 GET /api (172.17.0.1) 1.20ms referer=http://x:1/?token=%%0d%%0aX%s",
	"http://x:1/?token=%%0d%%0aX%s", "http://x:1/?token=%s", "http://x:1/?token=...%s", "http://127.0.0.1:8888/lab?%s",
	"http://x:1/?token=%%ff%s", "[C 10:00 ServerApp] https://x:1/?token=%s", "     or http://[::1]:1/?token=%s",
	"\x1b[31mhttp://x:1/?token=%s\x1b[0m", "http://%%zz:1/%s", "%s", "\x00%s", "Traceback %s",
	"http://x:1/?token=" + strings.Repeat("a", 9000) + "%s",
}

// TestHostileOutputOfAReadyRuntime: no output changes the state of a ready runtime.
func TestHostileOutputOfAReadyRuntime(t *testing.T) {
	server := accepts("secret")
	answers := func(token, path string) (int, error) {
		if len(token) >= 9000 {
			return 0, io.ErrUnexpectedEOF // as tornado drops what is too long
		}
		return server(token, path)
	}
	newProbeTest(t, engine.Container{}, "", answers, func(s *probeTest) {
		s.printLine(announcesT)
		for ready := false; !ready; {
			_, ready = (<-s.events).(Answer)
		}
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 3000 {
			line := fmt.Sprintf(hostile[random.IntN(len(hostile))], strconv.Itoa(i))
			if random.IntN(4) == 0 {
				s.printLine(line)
				time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
			} else if _, err := io.WriteString(s.out, line+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		for {
			select {
			case e := <-s.events:
				if _, is := e.(Root); is {
					continue
				}
				t.Fatalf("hostile output led to %T %+v", e, e)
			default:
			}
			break
		}
	})
}

// TestHostileOutputOfAStartingRuntime: no output prevents the info file from being
// read.
func TestHostileOutputOfAStartingRuntime(t *testing.T) {
	newProbeTest(t, engine.Container{}, `{"token": "secret", "base_url": "/"}`, accepts("secret"), func(s *probeTest) {
		over := make(chan struct{})
		go func() { // without a pause
			defer close(over)
			for i := range 1000 {
				if _, err := fmt.Fprintf(s.out, "http://x:1/?token=%d\n", i); err != nil {
					return
				}
			}
		}()
		<-over
		synctest.Wait()
		for e := range s.events {
			if _, is := e.(Answer); is {
				break
			}
			if _, is := e.(Fault); is {
				t.Fatalf("hostile output led to %+v", e)
			}
		}
	})
}

// TestPatience: how long the program waits for an answer, and what extends that time.
func TestPatience(t *testing.T) {
	const caused = "[W 10:00:00 NotebookApp] 404 GET /api (172.17.0.1) 1.20ms"
	newProbeTest(t, engine.Container{}, "", noServer, func(s *probeTest) { // no output at all
		s.within(patience, patience+longestDelay, problem.NoAnswer)
	})
	newProbeTest(t, engine.Container{}, "", noServer, func(s *probeTest) { // the output of an installation
		for range 100 {
			time.Sleep(10 * time.Second)
			s.printLine("Downloading")
		}
		if p := s.reportedProblem(); p != nil {
			t.Errorf("while it says something: %+v", p)
		}
		s.within(patience/2, patience, problem.NoAnswer)
	})
	newProbeTest(t, engine.Container{}, "", noServer, func(s *probeTest) { // output without an end
		for range 1000 {
			time.Sleep(10 * time.Second)
			s.printLine("Downloading")
		}
		if p := s.reportedProblem(); p == nil {
			t.Error("no end of patience")
		}
	})
	newProbeTest(t, engine.Container{}, "", noServer, func(s *probeTest) { // the server is up, and goes on writing
		s.printLine(announcesT)
		for range 13 {
			time.Sleep(10 * time.Second)
			s.printLine("Loading")
		}
		if p := s.reportedProblem(); p == nil {
			t.Error("after the announcement there is no end of patience")
		}
	})
	newProbeTest(t, engine.Container{}, "", func(string, string) (int, error) { return http.StatusNotFound, nil }, func(s *probeTest) {
		for range 13 {
			time.Sleep(10 * time.Second)
			s.printLine(caused)
		}
		if p := s.reportedProblem(); p == nil {
			t.Error("what we cause extends the patience")
		}
	})
	var output atomic.Pointer[io.PipeWriter]
	newProbeTest(t, engine.Container{}, "", func(string, string) (int, error) { // for example an https server without an announcement
		if out := output.Load(); out != nil {
			_, _ = io.WriteString(out, "[W 10:00:00 NotebookApp] SSL Error on 8 ('172.17.0.1', 40000)\n")
		}
		return 0, io.EOF
	}, func(s *probeTest) {
		output.Store(s.out)
		s.within(patience, patience+longestDelay, problem.NoAnswer)
	})
}

// TestFaultsOfServers: a fault that a server's output or info file shows is reported as
// soon as the server is up.
func TestFaultsOfServers(t *testing.T) {
	everybody := func(string, string) (int, error) { return http.StatusOK, nil }
	failingClient := func(string, string) (int, error) { return http.StatusNotFound, nil }
	made := ours(engine.Container{}, "r")
	for name, test := range map[string]struct {
		container engine.Container
		answer    func(string, string) (int, error)
		info      string
		code      problem.Code
		short     string
	}{
		"password": {engine.Container{}, accepts("none"), `{"token": "", "password": true, "base_url": "/"}`, problem.Serves, "password and no token"},
		"open":     {engine.Container{}, everybody, `{"token": "", "password": false, "base_url": "/"}`, problem.Serves, "lets everybody in"},
		"open though it has a token": {
			engine.Container{Env: []string{"JUPYTER_TOKEN=abc"}}, everybody, `{"token": "", "base_url": "/"}`, problem.Serves, "lets everybody in",
		},
		"https":        {engine.Container{}, noServer, `{"token": "abc", "secure": true, "base_url": "/"}`, problem.Serves, "serves https"},
		"base":         {engine.Container{}, failingClient, `{"token": "abc", "base_url": "/jupyter/"}`, problem.Serves, "serves under /jupyter/"},
		"inside":       {engine.Container{}, noServer, `{"token": "abc", "base_url": "/", "hostname": "localhost", "port": 8888}`, problem.Serves, "inside its container"},
		"newline":      {engine.Container{}, accepts("none"), `{"token": "abc\n", "base_url": "/"}`, problem.Serves, "cannot be sent"},
		"not ASCII":    {made, accepts("none"), `{"token": "äbc", "base_url": "/"}`, problem.Serves, "cannot be sent"},
		"made is open": {made, everybody, `{"token": "", "base_url": "/"}`, problem.Serves, "lets everybody in"},
		"elsewhere":    {made, refusing, "", problem.Elsewhere, "not on this computer"},
	} {
		t.Run(name, func(t *testing.T) {
			newProbeTest(t, test.container, test.info, test.answer, func(s *probeTest) {
				s.printLine("[I 10:00:00 ServerApp] http://127.0.0.1:8888/?token=...")
				if p := s.within(0, 5*time.Second, test.code); !strings.Contains(p.Short, test.short) {
					t.Errorf("it is called %q", p.Short)
				}
			})
		})
	}
	behind := `{"token": "abc", "base_url": "/", "hostname": "localhost", "port": 9000}`
	earlier := engine.Container{StartedAt: time.Date(1999, 12, 31, 23, 0, 0, 0, time.UTC)} // an hour ago, by the clock of these tests
	newProbeTest(t, earlier, behind, noServer, func(s *probeTest) {                        // another server forwards to this one, which is not up yet
		s.within(patience, patience+longestDelay, problem.NoAnswer)
	})
	up := `{"token": "abc", "base_url": "/", "hostname": "0.0.0.0"}`
	newProbeTest(t, engine.Container{}, up, refusing, func(s *probeTest) { // the output cannot be read, and the info file shows the fault
		s.within(0, 20*time.Second, problem.Elsewhere)
	})
	newProbeTest(t, engine.Container{}, "", refusing, func(s *probeTest) { // no announcement: the server may not be up yet
		s.within(patience, patience+longestDelay, problem.NoAnswer)
	})
}

// ours gives a container the name, label and volume of one that the program made.
func ours(c engine.Container, runtime string) engine.Container {
	c.Name, c.Labels = runtime, map[string]string{engine.LabelRuntime: runtime}
	c.Mounts = append(c.Mounts, engine.Mount{Volume: engine.VolumeOf(runtime), Target: "/home/jovyan"})
	return c
}
