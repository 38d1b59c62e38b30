package colab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// checkAt checks the server at an address.
func checkAt(t *testing.T, address net.Addr, change ...func(*Target)) Report {
	t.Helper()
	target := targetAt(address)
	for _, f := range change {
		f(&target)
	}
	r := check(t.Context(), target, defaultLimits, nil)
	statuses(t, r)
	return r
}

func targetAt(address net.Addr) Target {
	return Target{
		Profile: config.Profile{Runtime: "my-runtime", Kind: config.KindJupyter}, Engine: "Docker 28.5.2", Ours: true,
		Port: address.(*net.TCPAddr).Port, Token: secret(secretToken), Browser: "chrome",
	}
}

// TestCheckOtherPrograms has programs other than Jupyter at the port.
func TestCheckOtherPrograms(t *testing.T) {
	endless := func(c net.Conn, begin, more string) {
		_, err := io.WriteString(c, begin)
		for err == nil {
			_, err = io.WriteString(c, more)
		}
	}
	for name, test := range map[string]struct {
		answer func(net.Conn)
		want   string
	}{
		"silent":        {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "no answer in time"},
		"hangs up":      {func(c net.Conn) {}, "the connection was closed without an answer"},
		"ssh":           {func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n"); _, _ = io.Copy(io.Discard, c) }, "what answers is no web server"},
		"endless":       {func(c net.Conn) { endless(c, "HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("x", 1<<16)) }, "the answer does not end"},
		"endless head":  {func(c net.Conn) { endless(c, "HTTP/1.1 200 OK\r\n", "X: "+strings.Repeat("x", 1000)+"\r\n") }, "what answers is no web server"},
		"trickles":      {func(c net.Conn) { slowBody(c) }, "no answer in time"},
		"other website": {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") }, "what answers is not Jupyter"},
		"broken":        {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") }, "it answers 500 to /api"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := checkInMemory(t, raw(test.answer))
			port := stepOf(t, r, "port")
			if r.OK || port.Status != Fail || !strings.Contains(port.Got, test.want) || port.Advice == "" {
				t.Errorf("\n%s", r.Text())
			}
			for _, s := range r.Steps[3 : len(r.Steps)-1] {
				if s.Status != Skipped || s.Got != "not tried, as this did not work: Port" {
					t.Errorf("%s: %s %s", s.ID, s.Status, s.Got)
				}
			}
		})
	}
}

// slowBody sends a byte from time to time, for as long as somebody reads.
func slowBody(c net.Conn) {
	_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	for err == nil {
		time.Sleep(time.Second)
		_, err = io.WriteString(c, " ")
	}
}

// fake is a server that does everything right, except for the faults that a test sets.
type fake struct {
	wrong     map[string]http.HandlerFunc // by method and path
	cell      func(socket *websocket.Conn, id string)
	path      atomic.Value
	deletions atomic.Int32
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", Origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Access-Control-Allow-Private-Network", "true")
	w.Header().Set("Access-Control-Allow-Methods", "GET, PUT, DELETE")
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
	if wrong := f.wrong[r.Method+" "+r.URL.Path]; wrong != nil {
		wrong(w, r)
		return
	}
	if r.URL.Path != "/api" && r.Method != http.MethodOptions && r.URL.Query().Get("token") != secretToken {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	mine := fmt.Sprintf(`{"id":"s1","path":%q,"kernel":{"id":"k1"}}`, f.path.Load())
	switch r.Method + " " + r.URL.Path {
	case "GET /api":
		_, _ = io.WriteString(w, `{"version":"2.15.0"}`)
	case "GET /api/kernelspecs":
		_, _ = io.WriteString(w, `{"default":"python3","kernelspecs":{"python3":{"spec":{"language":"python"}}}}`)
	case "GET /api/sessions":
		if f.path.Load() == nil || f.deletions.Load() > 0 {
			mine = ""
		}
		_, _ = io.WriteString(w, "["+mine+"]")
	case "POST /api/sessions":
		var asked struct{ Path string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		f.path.Store(asked.Path)
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":"s1","path":%q,"kernel":{"id":"k1"}}`, asked.Path)
	case "DELETE /api/sessions/s1":
		f.deletions.Add(1)
		w.WriteHeader(http.StatusNoContent)
	case "GET /api/kernels/k1/channels":
		f.channels(w, r)
	case "GET /api/kernels":
		_, _ = io.WriteString(w, "[]")
	default:
		if r.Method != http.MethodOptions {
			_, _ = io.WriteString(w, `{"type":"directory"}`)
		}
	}
}

func (f *fake) channels(w http.ResponseWriter, r *http.Request) {
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer socket.CloseNow()
	for {
		_, text, err := socket.Read(r.Context())
		if err != nil {
			return
		}
		var request message
		_ = json.Unmarshal(text, &request)
		f.cell(socket, request.Header["msg_id"].(string))
	}
}

// say sends a message that belongs to the cell with that ID.
func say(socket *websocket.Conn, id, kind string, content any) error {
	encoded, _ := json.Marshal(content)
	text, _ := json.Marshal(message{Header: map[string]any{"msg_type": kind}, ParentHeader: map[string]any{"msg_id": id}, Content: encoded})
	return socket.Write(context.Background(), websocket.MessageText, text)
}

// prints is a cell that prints a text.
func prints(output string) func(*websocket.Conn, string) {
	return func(socket *websocket.Conn, id string) {
		_ = say(socket, "another", "stream", map[string]any{"name": "stdout", "text": "not ours"})
		_ = say(socket, id, "stream", map[string]any{"name": "stderr", "text": "warning"})
		_ = say(socket, id, "execute_reply", map[string]any{"status": "ok"})
		_ = say(socket, id, "stream", map[string]any{"name": "stdout", "text": output})
		_ = say(socket, id, "status", map[string]any{"execution_state": "idle"})
	}
}

// ready lets cells print the expected text, unless the test sets another cell.
func (f *fake) ready(t *testing.T) *fake {
	if f.cell == nil {
		f.cell = prints("my-runtime\n")
	}
	return f
}

func (f *fake) serve(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(f.ready(t))
	t.Cleanup(s.Close)
	return s
}

func TestCheckOfFake(t *testing.T) {
	f := new(fake)
	r := checkAt(t, f.serve(t).Listener.Addr())
	if !r.OK || r.Verdict != "Colab can connect to my-runtime." || f.deletions.Load() != 1 {
		t.Errorf("%d deletions\n%s", f.deletions.Load(), r.Text())
	}
}

// TestCheckWarnings: warnings of the caller are in the report, and the check succeeds
// all the same.
func TestCheckWarnings(t *testing.T) {
	target := targetAt(new(fake).serve(t).Listener.Addr())
	target.Warnings = []*Problem{{Short: "Others can reach it", Hint: "End that.", Command: "docker rm x"}, {Short: "Second", Hint: "Two."}}
	r := check(t.Context(), target, defaultLimits, nil)
	s := stepOf(t, r, "container")
	if !r.OK || s.Status != Warn || s.Advice != "Others can reach it. End that.\nSecond. Two." || s.Command != "docker rm x" {
		t.Errorf("%+v\n%s", s, r.Text())
	}
}

// TestCheckFaults has one fault at a time, and lists the step that reports it.
func TestCheckFaults(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	without := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del(name)
			_, _ = io.WriteString(w, `{"type":"directory"}`)
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // otherwise the server does not notice the end of the connection
		<-r.Context().Done()
	}
	for name, test := range map[string]struct {
		at     string
		answer http.HandlerFunc
		cell   func(*websocket.Conn, string)
		step   string
		status Status
		want   string
	}{
		"any token":            {at: "GET /api/status", answer: status(200), step: "token", status: Fail, want: "accepts a wrong token (it answers 200)"},
		"redirected":           {at: "GET /api/status", answer: status(302), step: "token", status: Fail, want: "answers 302 to the token"},
		"preflight refused":    {at: "OPTIONS /api/contents/content", answer: status(405), step: "preflight", status: Fail, want: "to PUT /api/contents/content it answers 405"},
		"no method":            {at: "OPTIONS /api/sessions/00000000-0000-0000-0000-000000000000", answer: without("Access-Control-Allow-Methods"), step: "preflight", status: Fail, want: "which does not allow DELETE"},
		"no header":            {at: "OPTIONS /api/sessions", answer: without("Access-Control-Allow-Headers"), step: "preflight", status: Fail, want: "which does not allow the header Content-Type"},
		"no private network":   {at: "OPTIONS /api/sessions", answer: without("Access-Control-Allow-Private-Network"), step: "preflight", status: Warn, want: "Private-Network"},
		"no origin":            {at: "GET /api/colab/build-info", answer: without("Access-Control-Allow-Origin"), step: "build-info", status: Fail, want: "without saying that Colab's page may read it"},
		"no credentials":       {at: "GET /api/colab/build-info", answer: without("Access-Control-Allow-Credentials"), step: "build-info", status: Fail, want: "without saying that Colab's page may log in"},
		"any origin":           {at: "GET /api/colab/build-info", answer: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Access-Control-Allow-Origin", "*") }, step: "build-info", status: Fail, want: `for another page than Colab's (Access-Control-Allow-Origin: "*")`},
		"build-info hangs":     {at: "GET /api/colab/build-info", answer: hang, step: "build-info", status: Fail, want: "no answer in time"},
		"no kernels":           {at: "GET /api/kernelspecs", answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }, step: "kernelspecs", status: Fail, want: "there is none"},
		"not JSON":             {at: "GET /api/kernels", answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, step: "sessions", status: Fail, want: "is not what Jupyter sends"},
		"no content folder":    {at: "GET /api/contents/content", answer: status(404), step: "contents", status: Warn, want: "no folder content"},
		"kernel does not come": {at: "POST /api/sessions", answer: hang, step: "kernel", status: Fail, want: "no answer in time"},
		"kernel broken":        {at: "POST /api/sessions", answer: status(500), step: "kernel", status: Fail, want: "answers 500"},
		"hostile session": {at: "POST /api/sessions", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"id":"../kernels","kernel":{"id":"a/../b"}}`)
		}, step: "kernel", status: Fail, want: "is not what Jupyter sends"},
		"websocket refused": {at: "GET /api/kernels/k1/channels", answer: status(403), step: "websocket", status: Fail, want: "answers 403"},
		"websocket hangs":   {at: "GET /api/kernels/k1/channels", answer: hang, step: "websocket", status: Fail, want: "no answer in time"},
		"cell hangs":        {cell: func(*websocket.Conn, string) {}, step: "cell", status: Fail, want: "no answer in time"},
		"cell does not end": {cell: func(s *websocket.Conn, id string) {
			for say(s, id, "stream", map[string]any{"name": "stdout", "text": strings.Repeat("x", 1000)}) == nil {
				time.Sleep(time.Second)
			}
		}, step: "cell", status: Fail, want: "no answer in time"},
		"huge message": {cell: func(s *websocket.Conn, id string) {
			_ = say(s, id, "stream", map[string]any{"name": "stdout", "text": strings.Repeat("x", 5<<20)})
		}, step: "cell", status: Fail, want: "does not end"},
		"hangs up in the cell": {cell: func(s *websocket.Conn, _ string) { _ = s.CloseNow() }, step: "cell", status: Fail, want: "closed"},
		"another host":         {cell: prints("other-host\n"), step: "cell", status: Fail, want: `cells run in "other-host"`},
		"made by hand":         {cell: prints("0123456789ab"), step: "cell", status: Warn, want: "0123456789ab, which is what an engine calls"},
		"nonsense":             {cell: prints("\x1b[31m" + secretToken), step: "cell", status: Fail, want: `\x1b[31m[redacted]`},
		"kernel stays":         {at: "DELETE /api/sessions/s1", answer: status(500), step: "shutdown", status: Warn, want: "could not be ended (the server answers 500)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{wrong: map[string]http.HandlerFunc{test.at: test.answer}, cell: test.cell}
			r := checkInMemory(t, web(f.ready(t)))
			got := stepOf(t, r, test.step)
			if got.Status != test.status || !strings.Contains(got.Got, test.want) || r.OK != (test.status != Fail) {
				t.Errorf("\n%s", r.Text())
			}
			for _, s := range r.Steps {
				if s.ID == test.step {
					break
				}
				if s.Status != OK {
					t.Errorf("before it, %s: %s %s", s.ID, s.Status, s.Got)
				}
			}
			if stepOf(t, r, "kernel").Status == OK && f.deletions.Load() != 1 && test.step != "shutdown" {
				t.Errorf("%d sessions were ended", f.deletions.Load())
			}
		})
	}
}

// TestInterruptedStartIsWaitedFor: the check waits for a while to learn which kernel it
// must shut down.
func TestInterruptedStartIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		m := newMemory()
		go web((&fake{wrong: map[string]http.HandlerFunc{"POST /api/sessions": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			interrupt()
			<-r.Context().Done()
		}}}).ready(t))(m)
		target := targetAt(m.Addr())
		target.network = m
		began, took := time.Now(), map[string]time.Duration{}
		r := check(ctx, target, defaultLimits, func(s Step) { took[s.ID] = time.Since(began) })
		if took["contents"] != 0 || took["kernel"] != defaultLimits.cleanup/2 || took["shutdown"] != defaultLimits.cleanup/2+defaultLimits.cleanup {
			t.Errorf("it took %v\n%s", took, r.Text())
		}
		m.Close()
	})
}

// TestCheckOfEcho has a server that sends back its input wherever it can.
func TestCheckOfEcho(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the check was led away") }))
	defer elsewhere.Close()
	for _, where := range []string{"GET /api", "GET /api/status", "OPTIONS /api/colab/build-info", "GET /api/colab/build-info", "GET /api/kernelspecs", "GET /api/contents/", "POST /api/sessions"} {
		f := &fake{wrong: map[string]http.HandlerFunc{where: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", strings.Repeat("x", 70)+secretToken)
			w.Header().Set("Location", elsewhere.URL+"/?token="+secretToken)
			if strings.HasSuffix(where, "specs") || strings.HasSuffix(where, "contents/") {
				w.Header().Set("Access-Control-Allow-Origin", Origin)
			} else if where != "GET /api" {
				w.WriteHeader(http.StatusTemporaryRedirect)
			}
			name := strings.Repeat("y", 70) + secretToken
			_, _ = fmt.Fprintf(w, `{"version":%q,"type":%q,"default":%q,"kernelspecs":{%q:{}}}`, name, name, name, name)
		}}}
		r := checkInMemory(t, web(f.ready(t)))
		if where != "GET /api" && where != "GET /api/kernelspecs" && r.OK {
			t.Errorf("%s:\n%s", where, r.Text())
		}
	}
}

// TestEchoedTokenIsTakenOut: a server sends the token back in each encoding in which it
// got it. The token is masked even where a long text is cut.
func TestEchoedTokenIsTakenOut(t *testing.T) {
	const token = "zq9w/xk7+vj5&qz ?%"
	for name, echo := range map[string]string{
		"as it is":      token,
		"as in a query": "zq9w%2Fxk7%2Bvj5%26qz+%3F%25",
		"as in a path":  "zq9w%2Fxk7+vj5&qz%20%3F%25",
	} {
		for _, before := range []int{0, 1, 62, 70, 79, 80} {
			filling := strings.Repeat("y", before)
			server := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				text, _ := json.Marshal(filling + echo)
				_, _ = fmt.Fprintf(w, `{"version":%s}`, text)
			})
			r := checkInMemory(t, web(server), func(target *Target) { target.Token = secret(token) })
			port := stepOf(t, r, "port")
			if port.Status != OK || !strings.Contains(port.Got, `"`+filling) {
				t.Fatalf("%s after %d: the version is not shown: %s", name, before, port.Text())
			}
			encoded, _ := json.Marshal(r)
			for _, part := range []string{"zq", "xk7", "vj5", "qz"} {
				if strings.Contains(r.Text()+string(encoded), part) {
					t.Errorf("%s after %d: of the token %q is in the report: %s", name, before, part, port.Text())
				}
			}
		}
	}
}

// TestStepHoldsNoToken: the token is masked in each text of a step, even when invisible
// characters split it.
func TestStepHoldsNoToken(t *testing.T) {
	c := newChecker(Target{Token: secret("zq9w+xk7")}, defaultLimits)
	for _, echo := range []string{"zq9w+xk7", "zq9w%2Bxk7", "zq9w\x1b[0m+xk7", "zq\u200b9w%2B\x00xk7"} {
		s := Step{Expected: echo, Got: echo, Advice: echo, Command: echo}
		c.redactStep(&s)
		if want := (Step{Expected: "[redacted]", Got: "[redacted]", Advice: "[redacted]", Command: "[redacted]"}); s != want {
			t.Errorf("%q became %+v", echo, s)
		}
	}
	r := check(t.Context(), Target{
		Token: secret("zq9w+xk7"), EngineProblem: &Problem{Short: "no zq9w+xk7", Hint: "Why zq9w%2Bxk7.", Command: "run zq9w+xk7"},
	}, defaultLimits, nil)
	if s := stepOf(t, r, "engine"); s.Got != "no [redacted]" || s.Advice != "Why [redacted]." || s.Command != "run [redacted]" {
		t.Errorf("a step of a check is %+v", s)
	}
}

// serveIPv6 serves at [::1], where browsers may look for localhost first, at the port
// of another server.
func serveIPv6(t *testing.T, port string, handler http.Handler) {
	t.Helper()
	l, err := net.Listen("tcp6", net.JoinHostPort("::1", port))
	testenv.Need(t, "IPv6 on the loopback interface", err == nil)
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: handler}}
	s.Start()
	t.Cleanup(s.Close)
}

func TestCheckIPv6(t *testing.T) {
	f := new(fake)
	s := f.serve(t)
	port := strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	serveIPv6(t, port, f)
	r := checkAt(t, s.Listener.Addr(), func(target *Target) { target.IPv6 = true })
	if got := stepOf(t, r, "port").Got; !r.OK || got != `Jupyter "2.15.0" answers there, and at [::1]:`+port {
		t.Errorf("\n%s", r.Text())
	}
}

func TestCheckAnotherProgramAtIPv6(t *testing.T) {
	s := new(fake).serve(t)
	port := strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	seen := make(chan string, 10)
	serveIPv6(t, port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.URL.String()
		_, _ = io.WriteString(w, "<html>")
	}))
	r := checkAt(t, s.Listener.Addr())
	if got := stepOf(t, r, "port"); r.OK || got.Status != Fail || !strings.Contains(got.Got, "another program answers at [::1]:"+port) {
		t.Errorf("\n%s", r.Text())
	}
	if got := stepOf(t, r, "port"); !strings.HasPrefix(got.Command, "colab-tray url") {
		t.Errorf("it advises to run %q", got.Command)
	}
	r = checkAt(t, s.Listener.Addr(), func(target *Target) { target.Host = "127.0.0.1" })
	if got := stepOf(t, r, "port"); !r.OK || got.Status != Warn || !strings.Contains(got.Got, "another program at [::1]:"+port) || !strings.Contains(got.Advice, "127.0.0.1") {
		t.Errorf("with 127.0.0.1 in the Backend URL:\n%s", r.Text())
	}
	for range 2 {
		if asked := <-seen; asked != "/api" {
			t.Errorf("the other program was sent %q", asked)
		}
	}
	if len(seen) > 0 {
		t.Errorf("the other program was sent %q, too", <-seen)
	}
}

// TestCheckSendsNoTokenToAnother: a program that only claims to be our Jupyter gets no
// token, unless the engine confirms that it is the runtime.
func TestCheckSendsNoTokenToAnother(t *testing.T) {
	s := new(fake).serve(t)
	port := strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	same := new(fake)
	serveIPv6(t, port, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text := fmt.Sprint(r.URL, r.Header); strings.Contains(text, secretToken) {
			t.Errorf("the other program was sent the token: %s", text)
		}
		same.ServeHTTP(w, r)
	}))
	r := checkAt(t, s.Listener.Addr())
	if got := stepOf(t, r, "port"); r.OK || got.Status != Fail || !strings.Contains(got.Got, "another program answers at [::1]:"+port) {
		t.Errorf("\n%s", r.Text())
	}
	if r = checkAt(t, s.Listener.Addr(), func(target *Target) { target.Host = "127.0.0.1" }); !r.OK || stepOf(t, r, "port").Status != Warn {
		t.Errorf("with 127.0.0.1 in the Backend URL:\n%s", r.Text())
	}
}

func TestCheckAnotherJupyterAtIPv6(t *testing.T) {
	s := new(fake).serve(t)
	port := strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port)
	serveIPv6(t, port, &fake{wrong: map[string]http.HandlerFunc{
		"GET /api/status": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
	}})
	r := checkAt(t, s.Listener.Addr(), func(target *Target) { target.IPv6 = true })
	if got := stepOf(t, r, "token"); r.OK || got.Status != Fail || !strings.Contains(got.Got, "another program answers at [::1]:"+port) {
		t.Errorf("\n%s", r.Text())
	}
}

// TestReasonsOfAnySystem has the error numbers of Windows, which are no constants of
// package syscall on other systems, and an address that a system without IPv6 cannot
// reach.
func TestReasonsOfAnySystem(t *testing.T) {
	const refused, reset = syscall.Errno(10061), syscall.Errno(10054)
	for _, test := range []struct {
		op, call string
		err      error
		want     error
	}{
		{"dial", "connectex", refused, errRefused},
		{"dial", "connect", syscall.EADDRNOTAVAIL, errRefused},
		{"dial", "connectex", os.ErrDeadlineExceeded, errTimeout},
		{"dial", "connectex", context.Canceled, errInterrupted},
		{"read", "wsarecv", reset, errClosed},
		{"write", "wsasend", reset, errClosed},
		{"read", "wsarecv", os.ErrDeadlineExceeded, errTimeout},
	} {
		err := &url.Error{Op: "Get", URL: "http://localhost", Err: &net.OpError{Op: test.op, Net: "tcp", Err: os.NewSyscallError(test.call, test.err)}}
		if got := plain(err); !errors.Is(got, test.want) {
			t.Errorf("%v: %v, want %v", err, got, test.want)
		}
	}
}

func TestCheckBrowsers(t *testing.T) {
	for browser, want := range map[string]struct {
		status Status
		advice string
	}{
		"chrome":   {OK, "choose Allow"},
		"chromium": {OK, "choose Allow"},
		"edge":     {OK, "choose Allow"},
		"firefox":  {OK, "choose Allow"},
		"brave":    {Warn, "switch the shields off"},
		"safari":   {Warn, "Open Colab in Chrome, Edge or Firefox"},
		"other":    {OK, "try Chrome, Edge or Firefox"},
		"":         {OK, "Safari cannot connect"},
	} {
		c := newChecker(Target{Browser: browser}, defaultLimits)
		var s Step
		c.checkBrowser(t.Context(), &s)
		if s.Status != want.status || !strings.Contains(s.Advice, want.advice) {
			t.Errorf("%q: %+v", browser, s)
		}
	}
}

func TestReportText(t *testing.T) {
	r := check(t.Context(), Target{
		Profile: config.Default(), Browser: "safari",
		EngineProblem: &Problem{Short: "Docker does not answer", Hint: "Nothing answers.\nStart it:", Command: "sudo systemctl start docker"},
	}, defaultLimits, nil)
	const want = `fail  Engine              Docker does not answer
                          Expected: an engine that answers
                          Nothing answers.
                          Start it:
                              sudo systemctl start docker
-     Container           not tried, as this did not work: Engine
-     Port                not tried, as this did not work: Engine
-     Token               not tried, as this did not work: Engine
-     Colab's permission  not tried, as this did not work: Engine
-     First question      not tried, as this did not work: Engine
-     Kernels             not tried, as this did not work: Engine
-     Open notebooks      not tried, as this did not work: Engine
-     Files               not tried, as this did not work: Engine
-     Start a kernel      not tried, as this did not work: Engine
-     Live connection     not tried, as this did not work: Engine
-     Run a cell          not tried, as this did not work: Engine
-     Tidy up             not tried, as this did not work: Engine
note  Browser             Safari is the default, and it lets no page like Colab's reach this computer
                          Expected: a browser that lets Colab's page reach this computer
                          Safari cannot be allowed to. Open Colab in Chrome, Edge or Firefox.

Colab cannot connect to local-jupyter-runtime. Docker does not answer.
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s", got)
	}
	encoded, err := json.Marshal(r.Steps[:2])
	const wantJSON = `[{"id":"engine","name":"Engine","status":"fail","expected":"an engine that answers","got":"Docker does not answer",` +
		`"advice":"Nothing answers.\nStart it:","command":"sudo systemctl start docker"},` +
		`{"id":"container","name":"Container","status":"skipped","got":"not tried, as this did not work: Engine"}]`
	if err != nil || string(encoded) != wantJSON {
		t.Errorf("got %s, %v", encoded, err)
	}
}

// TestReportInGerman: the columns are as wide as the German texts, and codes are not
// translated.
func TestReportInGerman(t *testing.T) {
	i18n.Use("de")
	t.Cleanup(func() { i18n.Use(i18n.English) })
	r := check(t.Context(), Target{
		Profile: config.Default(), Browser: "safari",
		EngineProblem: &Problem{Short: "Docker antwortet nicht", Hint: "Starten Sie es:", Command: "sudo systemctl start docker"},
	}, defaultLimits, nil)
	const want = `Fehler   Engine               Docker antwortet nicht
                              Erwartet: eine Engine, die antwortet
                              Starten Sie es:
                                  sudo systemctl start docker
-        Container            nicht versucht, weil dies nicht ging: Engine
-        Port                 nicht versucht, weil dies nicht ging: Engine
-        Token                nicht versucht, weil dies nicht ging: Engine
-        Erlaubnis für Colab  nicht versucht, weil dies nicht ging: Engine
-        Erste Frage          nicht versucht, weil dies nicht ging: Engine
-        Kernel               nicht versucht, weil dies nicht ging: Engine
-        Offene Notebooks     nicht versucht, weil dies nicht ging: Engine
-        Dateien              nicht versucht, weil dies nicht ging: Engine
-        Kernel starten       nicht versucht, weil dies nicht ging: Engine
-        Offene Verbindung    nicht versucht, weil dies nicht ging: Engine
-        Zelle ausführen      nicht versucht, weil dies nicht ging: Engine
-        Aufräumen            nicht versucht, weil dies nicht ging: Engine
Hinweis  Browser              Safari ist der Standardbrowser und lässt keine Seite wie die von Colab diesen Computer erreichen
                              Erwartet: ein Browser, der die Seite von Colab diesen Computer erreichen lässt
                              In Safari lässt sich das nicht erlauben. Öffnen Sie Colab in Chrome, Edge oder Firefox.

Colab kann sich nicht mit local-jupyter-runtime verbinden. Docker antwortet nicht.
`
	if got := r.Text(); got != want {
		t.Errorf("got\n%s", got)
	}
	encoded, err := json.Marshal(r.Steps[1])
	const wantJSON = `{"id":"container","name":"Container","status":"skipped","got":"nicht versucht, weil dies nicht ging: Engine"}`
	if err != nil || string(encoded) != wantJSON {
		t.Errorf("got %s, %v", encoded, err)
	}
}

// TestCheckTranslated checks a server without faults in every language, and finds no
// English word in the report.
func TestCheckTranslated(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	f := &fake{wrong: map[string]http.HandlerFunc{
		"GET /api/contents/content": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
	}}
	address := f.serve(t).Listener.Addr()
	for _, language := range i18n.Languages()[1:] {
		i18n.Use(language)
		r := checkAt(t, address)
		if want := i18n.T("check.verdict.warn", "runtime", "my-runtime", "steps", i18n.T("check.step.contents")); !r.OK || r.Verdict != want {
			t.Errorf("the verdict in %s is %q", language, r.Verdict)
		}
		for _, word := range []string{" the ", " is ", " and ", " it ", "answers"} {
			if strings.Contains(strings.ToLower(r.Text()), word) {
				t.Errorf("%q is in\n%s", word, r.Text())
			}
		}
	}
}

// TestActOfAStep: what the program itself can do is told beside the command.
func TestActOfAStep(t *testing.T) {
	p := config.Default()
	p.Name = "mine"
	for command, want := range map[string]problem.ActName{
		p.CommandLine("restart"):               problem.ActRestart,
		p.CommandLine("start"):                 problem.ActStart,
		p.CommandLine("restart", "--settings"): problem.ActRepair,
		"colab-tray restart":                   "",
		"":                                     "",
	} {
		if got := actOf(command, p); got != want {
			t.Errorf("%q is the act %q", command, got)
		}
	}
	r := Report{Steps: []Step{{Status: Warn, Act: problem.ActStart}, {Status: Fail, Act: problem.ActRestart}, {Status: Fail, Act: problem.ActStart}}}
	if got := r.Acts(); !slices.Equal(got, []problem.Act{{Name: problem.ActRestart}}) {
		t.Errorf("the acts are %v", got)
	}
	if got := (Report{Steps: []Step{{Status: OK}}}).Acts(); got != nil {
		t.Errorf("with nothing wrong, the acts are %v", got)
	}
}
