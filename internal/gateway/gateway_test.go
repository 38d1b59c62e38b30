package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen makes a gateway at a free port, and closes it with the test.
func listen(t testing.TB) *Gateway {
	t.Helper()
	g, err := Listen(0, t.TempDir(), "runtime", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		g.Wait()
	})
	return g
}

// connect connects to a gateway.
func connect(t testing.TB, g *Gateway) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", g.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// to returns the way to a listener.
func to(l net.Listener) Way {
	return func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
}

// serving returns the way to a server that serves each connection by a function.
func serving(t testing.TB, serve func(*net.TCPConn)) Way {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				serve(conn.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return to(l)
}

func TestPassesOn(t *testing.T) {
	t.Parallel()
	g := listen(t)
	g.Lead(serving(t, func(c *net.TCPConn) {
		text, _ := io.ReadAll(c) // to the end of one half
		_, _ = c.Write(bytes.ToUpper(text))
	}), nil)
	want := strings.Repeat("ABC", 1<<20)
	conn := connect(t, g)
	go func() {
		_, _ = io.WriteString(conn, strings.ToLower(want))
		_ = conn.CloseWrite()
	}()
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != want {
		t.Errorf("%d bytes came back of %d, error %v", len(got), len(want), err)
	}
}

// TestServerEndsFirst has the server close its half, and then the client go on.
func TestServerEndsFirst(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	g := listen(t)
	g.Lead(serving(t, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, "bye")
		_ = c.CloseWrite()
		text, _ := io.ReadAll(c)
		heard <- string(text)
	}), nil)
	conn := connect(t, g)
	if got, err := io.ReadAll(conn); err != nil || string(got) != "bye" {
		t.Fatalf("got %q, %v", got, err)
	}
	_, _ = io.WriteString(conn, "still here")
	_ = conn.CloseWrite()
	if got := <-heard; got != "still here" {
		t.Errorf("the server heard %q", got)
	}
}

// TestResets has one side break off, and the other notice.
func TestResets(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	g := listen(t)
	g.Lead(serving(t, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, "x")
		_, _ = io.ReadAll(c)
		close(ended)
	}), nil)
	conn := connect(t, g)
	_, _ = io.ReadFull(conn, make([]byte, 1))
	_ = conn.SetLinger(0)
	_ = conn.Close()
	<-ended
}

func TestLeadsNowhere(t *testing.T) {
	t.Parallel()
	g := listen(t)
	gone := func(context.Context) (net.Conn, error) { return nil, errors.New("gone") }
	for _, way := range []Way{nil, gone} {
		g.Lead(way, nil)
		if got, err := io.ReadAll(connect(t, g)); err == nil && len(got) > 0 {
			t.Errorf("a gateway without a way says %q", got)
		}
	}
}

func TestCloseEndsAll(t *testing.T) {
	t.Parallel()
	g := listen(t)
	g.Lead(serving(t, func(c *net.TCPConn) {
		_, _ = io.WriteString(c, "x")
		_, _ = io.ReadAll(c)
	}), nil)
	conn := connect(t, g)
	_, _ = io.ReadFull(conn, make([]byte, 1))
	g.Close()
	if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", g.Port())); err == nil {
		_ = conn.Close()
		t.Error("the port is still listened at")
	}
}

func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	g := listen(t)
	for _, host := range []string{"127.0.0.2", "::1"} {
		if conn, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(g.Port()))); err == nil {
			_ = conn.Close()
			t.Errorf("the gateway listens at %s", host)
		}
	}
}

func TestPortTaken(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	free := listen(t)
	port := free.Port()
	free.Close()
	g, err := Listen(port, dir, "runtime", log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // the last one
		g.Close()
		g.Wait()
	})
	if _, err := Listen(port, dir, "runtime", log); !errors.Is(err, ErrHeld) {
		t.Errorf("our own gateway in the way: %v", err)
	}
	if _, err := Listen(port, dir, "other", log); !errors.Is(err, ErrInUse) {
		t.Errorf("that of another runtime: %v", err)
	}
	if _, err := Listen(port, t.TempDir(), "runtime", log); !errors.Is(err, ErrInUse) {
		t.Errorf("another person's: %v", err)
	}
	g.Close()
	if g, err = Listen(port, dir, "runtime", log); err != nil {
		t.Fatalf("free again: %v", err)
	}
}

// sleeper is a runtime that does not run until it is woken.
type sleeper struct {
	gateway *Gateway
	starts  atomic.Int32
	release chan struct{} // lets a start end
	fail    error
	way     Way
}

// sleep has a gateway wake a server that answers every request with its path.
func sleep(t *testing.T, g *Gateway) *sleeper {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
	}))
	t.Cleanup(server.Close)
	s := &sleeper{gateway: g, release: make(chan struct{}), way: to(server.Listener)}
	g.Lead(nil, s.waking())
	return s
}

func (s *sleeper) waking() *Waking {
	return &Waking{Origin: colab, Token: forToken, Wake: func(ctx context.Context) error {
		s.starts.Add(1)
		select {
		case <-s.release:
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.fail == nil {
			s.gateway.Lead(s.way, nil)
		}
		return s.fail
	}}
}

// ask makes a request with the token from Colab's page.
func ask(t *testing.T, g *Gateway, method, path, body string) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://localhost:%d%s?token=%s", g.Port(), path, token), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", colab)
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(r)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	if got := response.Header.Get("Access-Control-Allow-Origin"); response.StatusCode >= 400 && got != colab {
		t.Errorf("%s may not be read by Colab's page: %q", path, got)
	}
	got, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(got)
}

func TestWakes(t *testing.T) {
	t.Parallel()
	g := listen(t)
	s := sleep(t, g)
	for _, path := range []string{"/api/kernels", "/api/sessions", "/lab"} {
		if status, text := ask(t, g, "GET", path, ""); status != http.StatusServiceUnavailable {
			t.Errorf("GET %s was answered with %d %s", path, status, text)
		}
	}
	if got := s.starts.Load(); got != 0 {
		t.Fatalf("polling began %d starts", got)
	}
	body := strings.Repeat("x", 1<<20)
	var asking sync.WaitGroup
	for i := range 5 {
		asking.Go(func() {
			if i%2 == 0 {
				if status, text := ask(t, g, "GET", "/api/colab/build-info", ""); status != http.StatusOK || text != "GET /api/colab/build-info " {
					t.Errorf("got %d %q", status, text)
				}
				return
			}
			if status, text := ask(t, g, "POST", "/api/kernels", body); status != http.StatusOK || text != "POST /api/kernels "+body {
				t.Errorf("got %d and %d bytes", status, len(text))
			}
		})
	}
	for s.held() < 5 { // all wait for the one start
		time.Sleep(time.Millisecond)
	}
	close(s.release)
	asking.Wait()
	if got := s.starts.Load(); got != 1 {
		t.Errorf("%d starts for five requests", got)
	}
}

// held returns how many connections are held.
func (s *sleeper) held() int { return len(s.gateway.heads) }

// TestWaitsForWake has what else a page asks meanwhile wait, too.
func TestWaitsForWake(t *testing.T) {
	t.Parallel()
	g := listen(t)
	s := sleep(t, g)
	var asking sync.WaitGroup
	asking.Go(func() { ask(t, g, "GET", "/api/colab/build-info", "") })
	for s.starts.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	asking.Go(func() {
		if status, _ := ask(t, g, "GET", "/api/kernels", ""); status != http.StatusOK {
			t.Errorf("the list was answered with %d", status)
		}
	})
	for s.held() < 2 {
		time.Sleep(time.Millisecond)
	}
	close(s.release)
	asking.Wait()
}

// alone runs a test of a gateway without a port, whose time is its own.
func alone(t *testing.T, test func(t *testing.T, g *Gateway, open func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(8888, slog.New(slog.DiscardHandler))
		open := func() net.Conn {
			ours, theirs := net.Pipe()
			g.serving.Go(func() { g.serve(theirs) })
			return ours
		}
		test(t, g, open)
		g.cancel()
		g.serving.Wait()
	})
}

// say sends a text and returns the answer.
func say(conn net.Conn, text string) string {
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, text) }()
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func TestFailedStart(t *testing.T) {
	alone(t, func(t *testing.T, g *Gateway, open func() net.Conn) {
		s := &sleeper{gateway: g, release: make(chan struct{}), fail: errors.New("no image")}
		close(s.release)
		g.Lead(nil, s.waking())
		asks := head("GET /api/colab/build-info?token="+token, "Origin: "+colab)
		for _, step := range []struct {
			after  time.Duration
			starts int32
		}{{0, 1}, {time.Second, 1}, {pause - 2*time.Second, 1}, {2 * time.Second, 2}, {time.Second, 2}} {
			time.Sleep(step.after)
			if got := say(open(), asks); !strings.HasPrefix(got, "HTTP/1.1 503 ") || s.starts.Load() != step.starts {
				t.Fatalf("%+v: %d starts, answer %q", step, s.starts.Load(), got)
			}
		}
		g.Lead(func(context.Context) (net.Conn, error) { return nil, io.EOF }, nil) // it was started by hand
		g.Lead(nil, s.waking())
		say(open(), asks)
		if got := s.starts.Load(); got != 3 {
			t.Errorf("after a good start: %d starts", got)
		}
	})
}

// TestSlowHeads has connections that say nothing, or little by little, end in time.
func TestSlowHeads(t *testing.T) {
	alone(t, func(t *testing.T, g *Gateway, open func() net.Conn) {
		g.Lead(nil, &Waking{Origin: colab, Token: forToken})
		began := time.Now()
		if got := say(open(), ""); got != "" {
			t.Errorf("nothing was answered with %q", got)
		}
		if took := time.Since(began); took != headTime {
			t.Errorf("a silent connection ended after %s", took)
		}
		slow := open()
		began = time.Now()
		for { // a byte each second
			if _, err := io.WriteString(slow, "x"); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took > headTime+2*time.Second {
			t.Errorf("a slow connection ended after %s", took)
		}
		_ = slow.Close()
	})
}

// TestManyConnections has more connections at once than are held.
func TestManyConnections(t *testing.T) {
	alone(t, func(t *testing.T, g *Gateway, open func() net.Conn) {
		g.Lead(nil, &Waking{Origin: colab, Token: forToken})
		var idle []net.Conn
		for range maxHeld {
			idle = append(idle, open())
		}
		synctest.Wait()
		if got := say(open(), ""); got != "" || len(g.heads) != maxHeld {
			t.Errorf("one too many was answered with %q; %d are held", got, len(g.heads))
		}
		for _, c := range idle {
			_ = c.Close()
		}
		synctest.Wait()
		if got := say(open(), head("GET /api/kernels?token="+token, "Origin: "+colab)); !strings.HasPrefix(got, "HTTP/1.1 503 ") {
			t.Errorf("afterwards: %q", got)
		}
	})
}

func TestBadInput(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"garbage":        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", "HTTP/1.1 400 "},
		"no head":        {"hello\n", "HTTP/1.1 400 "},
		"a broken line":  {head("GET /", "Origin"), "HTTP/1.1 400 "},
		"a huge line":    {"GET /" + strings.Repeat("x", maxHead), "HTTP/1.1 431 "},
		"a huge head":    {head("GET /", "X: "+strings.Repeat("x", maxHead)), "HTTP/1.1 431 "},
		"many lines":     {head("GET /", strings.Repeat("X: x\r\n", maxHead/6)), "HTTP/1.1 431 "},
		"an odd length":  {head("POST /api/kernels", "Content-Length: -1"), "HTTP/1.1 400 "},
		"another page":   {head("GET /api/colab/build-info?token="+token, "Origin: https://evil.example"), "HTTP/1.1 403 "},
		"a foreign host": {head("GET /api/colab/build-info?token="+token, "Host: evil.example"), "HTTP/1.1 421 "},
		"a wrong token":  {head("GET /api/colab/build-info?token=x", "Origin: "+colab), "HTTP/1.1 403 "},
		"a preflight":    {head("OPTIONS /api/kernels", "Origin: "+colab, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"), "HTTP/1.1 204 "},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			alone(t, func(t *testing.T, g *Gateway, open func() net.Conn) {
				g.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				g.Lead(nil, &Waking{Origin: colab, Token: forToken, Wake: func(context.Context) error {
					t.Error("it wakes")
					return nil
				}})
				got := say(open(), test.text)
				if !strings.HasPrefix(got, test.want) || strings.Contains(got, "evil") {
					t.Errorf("answered with %q", got)
				}
				if name == "a preflight" && !strings.Contains(got, "Access-Control-Allow-Headers: content-type\r\n") {
					t.Errorf("the page may not send its request: %q", got)
				}
			})
			if strings.Contains(log.String(), token) {
				t.Errorf("the log has the token: %s", &log)
			}
		})
	}
}
