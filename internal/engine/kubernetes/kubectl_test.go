package kubernetes

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// By these variables this program is a kubectl: what the API and the port of a pod are,
// and the file that makes a port forward accept connections and say nothing, once.
const (
	asKubectl = "COLAB_TRAY_TEST_KUBECTL"
	theAPI    = "COLAB_TRAY_TEST_API"
	thePort   = "COLAB_TRAY_TEST_PORT"
	theHole   = "COLAB_TRAY_TEST_HOLE"
	theConfig = "COLAB_TRAY_TEST_KUBECONFIG"
)

func TestMain(m *testing.M) {
	if os.Getenv(asKubectl) != "" {
		os.Exit(actAsKubectl(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// actAsKubectl does what kubectl would, with its words.
func actAsKubectl(arguments []string) int {
	cluster := config.Cluster{}
	for len(arguments) > 0 && strings.HasPrefix(arguments[0], "--") {
		name, value, _ := strings.Cut(arguments[0], "=")
		switch name {
		case "--context":
			cluster.Context = value
		case "--namespace":
			cluster.Namespace = value
		default:
			fmt.Fprintln(os.Stderr, "error: unknown flag:", name)
			return 1
		}
		arguments = arguments[1:]
	}
	value := func(option string) string {
		for _, a := range arguments {
			if v, is := strings.CutPrefix(a, option+"="); is {
				return v
			}
		}
		return ""
	}
	switch arguments[0] {
	case "version":
		fmt.Println(`{"clientVersion": {"major": "1", "minor": "32+", "gitVersion": "v1.32.4-dispatcher"}, "kustomizeVersion": "v5.5.0"}`)
	case "config":
		if cluster.Context == "nope" {
			fmt.Fprintln(os.Stderr, "error: cannot locate context nope")
			return 1
		}
		fmt.Println(os.Getenv(theConfig))
	case "proxy":
		l, err := net.Listen("unix", value("--unix-socket"))
		if err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			return 1
		}
		to, _ := url.Parse(os.Getenv(theAPI))
		_ = http.Serve(l, httputil.NewSingleHostReverseProxy(to))
	case "port-forward":
		return forwardPort()
	case "exec":
		return execHere(arguments)
	}
	return 0
}

func forwardPort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	hole := os.Getenv(theHole)
	fmt.Printf("Forwarding from %s -> 8888\n", l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return 1
		}
		fmt.Println("Handling connection for 8888")
		text, _ := os.ReadFile(hole)
		if strings.Contains(string(text), fmt.Sprint(os.Getpid())) {
			continue // it stays open, and nothing comes
		}
		go func() {
			to, err := net.Dial("tcp", os.Getenv(thePort))
			if err != nil {
				_ = conn.Close()
				return
			}
			go func() { _, _ = io.Copy(to, conn) }()
			_, _ = io.Copy(conn, to)
			_ = conn.Close()
		}()
	}
}

func execHere(arguments []string) int {
	_, command, _ := strings.Cut(strings.Join(arguments, "\x00"), "\x00--\x00")
	words := strings.Split(command, "\x00")
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		fmt.Fprintf(os.Stderr, "command terminated with exit code %d\n", exit.ExitCode())
		return exit.ExitCode()
	}
	return 0
}

// testKubectl is this program as kubectl.
func testKubectl(t *testing.T, environment map[string]string) kubectl {
	t.Helper()
	t.Setenv(asKubectl, "yes")
	for name, value := range environment {
		t.Setenv(name, value)
	}
	self, err := os.Executable()
	must(t, err)
	return kubectl{program: self, cluster: config.Cluster{Context: "gpu", Namespace: "team"}}
}

const kubeconfig = `{"kind": "Config", "apiVersion": "v1", "current-context": "gpu", "contexts": [{"name": "gpu", "context": {"cluster": "c", "user": "u", "namespace": "team"}}]}`

// TestConnect: kubectl's configuration, the API through kubectl proxy, and a proxy that is
// killed.
func TestConnect(t *testing.T) {
	c, _ := newCluster(t)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	k := testKubectl(t, map[string]string{theAPI: server.URL, theConfig: kubeconfig})
	dir := t.TempDir()
	e := Open("kubernetes://", slog.New(slog.DiscardHandler))
	e.dir = dir
	e.current.Store(&kubectl{program: k.program})
	info, err := e.Connect(t.Context())
	must(t, err)
	if info.Version != "1.34.4" || info.Arch != "arm64" || info.Machine != "gpu" || info.Local || !info.Forwarded || info.Command != "kubectl --context=gpu --namespace=team" {
		t.Errorf("the info is %+v", info)
	}
	if second, err := e.Connect(t.Context()); err != nil || second != info {
		t.Errorf("the second time it is %+v, %v", second, err)
	}
	sockets, err := filepath.Glob(filepath.Join(dir, "*", socketName))
	if err != nil || len(sockets) != 1 {
		t.Fatalf("the sockets are %q, %v", sockets, err)
	}
	if about, err := os.Stat(filepath.Dir(sockets[0])); err != nil || about.Mode().Perm() != 0o700 {
		t.Errorf("the directory has the mode %v, %v", about.Mode(), err)
	}
	running := e.proxy.child
	running.Kill()
	<-running.Ended()
	e.api.close()
	if _, err := e.Connect(t.Context()); err != nil {
		t.Errorf("after kubectl proxy was killed: %v", err)
	}
	last := e.proxy.child
	must(t, e.Close())
	<-last.Ended()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("there are %q", left)
	}
	if _, err := e.Inspect(t.Context(), "a"); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("once closed: %v", err)
	}
}

// TestConnectFails: what is wrong with kubectl itself.
func TestConnectFails(t *testing.T) {
	k := testKubectl(t, map[string]string{theConfig: `{"kind": "Config", "current-context": "", "contexts": null}`})
	for address, test := range map[string]struct {
		program string
		code    problem.Code
	}{
		"kubernetes://nope":      {k.program, problem.NoClusterContext},
		"kubernetes://":          {k.program, problem.NoClusterContext},
		"kubernetes://gpu/team":  {filepath.Join(t.TempDir(), "kubectl"), problem.NoKubectl},
		"kubernetes://gpu/Wrong": {k.program, problem.NoClusterContext},
	} {
		e := Open(address, slog.New(slog.DiscardHandler))
		e.dir = t.TempDir()
		e.current.Store(&kubectl{program: test.program})
		_, err := e.Connect(t.Context())
		p := engine.ConnectProblem(e.Which(), err)
		if p.Code != test.code || p.Hint == "" {
			t.Errorf("%s: %v: %+v", address, err, p)
		}
		must(t, e.Close())
	}
}

func TestVersionOf(t *testing.T) {
	for text, want := range map[string][2]int{
		`{"clientVersion":{"major":"1","minor":"34","gitVersion":"v1.34.4"}}`: {1, 34},
		`{"clientVersion":{"major":"1","minor":"32+"}}`:                       {1, 32},
	} {
		if major, minor, err := versionOf([]byte(text)); err != nil || major != want[0] || minor != want[1] {
			t.Errorf("%s: %d.%d, %v", text, major, minor, err)
		}
	}
	for _, text := range []string{"", "{}", "Client Version: v1.34", `{"clientVersion":{"major":"one","minor":"2"}}`} {
		if major, minor, err := versionOf([]byte(text)); err == nil {
			t.Errorf("%q is %d.%d", text, major, minor)
		}
	}
}

func TestClusterOf(t *testing.T) {
	for name, test := range map[string]struct {
		text, namespace string
		want            config.Cluster
		fails           bool
	}{
		"of the context": {kubeconfig, "", config.Cluster{Context: "gpu", Namespace: "team"}, false},
		"of the address": {kubeconfig, "mine", config.Cluster{Context: "gpu", Namespace: "mine"}, false},
		"of none":        {`{"current-context":"a/b","contexts":[{"name":"a/b","context":{}}]}`, "", config.Cluster{Context: "a/b", Namespace: "default"}, false},
		"no context":     {`{"contexts":null}`, "", config.Cluster{}, true},
		"hostile":        {`{"current-context":"a","contexts":[{"name":"a","context":{"namespace":"../kube-system"}}]}`, "", config.Cluster{}, true},
		"no JSON":        {"apiVersion: v1", "", config.Cluster{}, true},
	} {
		got, err := clusterOf([]byte(test.text), test.namespace)
		if (err != nil) != test.fails || !test.fails && got != test.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestArguments: what an address names is data, never an option.
func TestArguments(t *testing.T) {
	k := kubectl{program: "kubectl", cluster: config.Cluster{Context: "--kubeconfig=/x", Namespace: "team"}}
	if got := strings.Join(k.command("proxy").Args, " "); got != "kubectl --context=--kubeconfig=/x --namespace=team proxy" {
		t.Error(got)
	}
	if got := strings.Join(inside("a", []string{"--rm", "-x"}), " "); got != "exec -i pod/a --container=jupyter --quiet -- --rm -x" {
		t.Error(got)
	}
}

func TestLastWords(t *testing.T) {
	const said = "E1127 13:33:23.173259   17250 memcache.go:265] \"Unhandled Error\" err=\"x\"\nThe connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
	if got := lastWords(said); got != "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?" {
		t.Error(got)
	}
	if got := lastWords("E1127 13:33:23.173259   17250 proxy_server.go:147] cause\n"); !strings.Contains(got, "cause") {
		t.Errorf("nothing is left: %q", got)
	}
}

// TestGetByTar: files of a container that runs, and the ways in which that fails.
func TestGetByTar(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("there is no tar")
	}
	k := testKubectl(t, nil)
	dir := t.TempDir()
	big := strings.Repeat("0123456789", 100_000)
	must(t, os.WriteFile(filepath.Join(dir, "-a b"), []byte(big), 0o600))
	archive, err := get(t.Context(), k, "a", archiver(filepath.Join(dir, "-a b")))
	must(t, err)
	in := tar.NewReader(archive)
	h, err := in.Next()
	must(t, err)
	text, err := io.ReadAll(in)
	if err != nil || h.Name != "-a b" || string(text) != big {
		t.Errorf("%s has %d bytes, %v", h.Name, len(text), err)
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("the archive ends with %v", err)
	}
	must(t, archive.Close())
	if _, err := get(t.Context(), k, "a", archiver(filepath.Join(dir, "none"))); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("of a path that is not there: %v", err)
	}
	begun, err := get(t.Context(), k, "a", archiver(dir))
	must(t, err)
	must(t, begun.Close()) // before its end
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := get(ctx, k, "a", archiver("/")); err == nil {
		_, err = io.Copy(io.Discard, a)
		if err == nil {
			t.Error("whose context has ended, it is read to its end")
		}
		must(t, a.Close())
	}
}

// TestExec: what a command writes, in a container that runs, whatever its exit code.
func TestExec(t *testing.T) {
	c, e := newCluster(t)
	k := testKubectl(t, nil)
	e.current.Store(&k)
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	if _, _, err := e.Exec(t.Context(), made.ID, []string{"true"}); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("in a container that does not run: %v", err)
	}
	must(t, e.Start(t.Context(), made.ID))
	c.set("a", statusIn(t, "running"))
	out, said, err := e.Exec(t.Context(), made.ID, []string{"sh", "-c", "echo out; echo err >&2; exit 4"})
	if err != nil || out != "out\n" || said != "err\n" {
		t.Errorf("%q, %q, %v", out, said, err)
	}
}

// TestForward: a way that goes silent is replaced, and one whose server is silent is not.
func TestForward(t *testing.T) {
	var silent atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if silent.Load() {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	hole := filepath.Join(t.TempDir(), "hole")
	k := testKubectl(t, map[string]string{thePort: server.Listener.Addr().String(), theHole: hole})
	r := newRoute(func(ctx context.Context) (*forward, error) { return startForward(ctx, k, "a", 8888) })
	defer r.Close()
	ask := func(patience time.Duration) error {
		conn, err := r.Dial(t.Context())
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_, err = bufio.NewReader(conn).ReadString('\n')
		return err
	}
	must(t, ask(time.Minute))
	first := r.forward

	silent.Store(true)
	if err := r.examine(t.Context()); err == nil || r.forward != first || over(first.child.Ended()) {
		t.Errorf("of a server that is silent the way was replaced: %v", err)
	}
	silent.Store(false)
	must(t, r.examine(t.Context()))
	if r.forward != first {
		t.Error("a way that leads there was replaced")
	}

	must(t, os.WriteFile(hole, fmt.Append(nil, first.child.PID()), 0o600))
	if err := ask(time.Minute); err == nil { // its doubt ends it
		t.Error("what goes into a hole was answered")
	}
	<-first.child.Ended()
	must(t, ask(time.Minute))

	second := r.forward
	second.child.Kill()
	<-second.child.Ended()
	must(t, ask(time.Minute)) // another takes its place
	must(t, r.Close())
	if _, err := r.Dial(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("once closed: %v", err)
	}
}

// TestForwardGivenUp: a kubectl that was started for a connection which nobody waits for any
// more is that of the next one.
func TestForwardGivenUp(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	k := testKubectl(t, map[string]string{thePort: server.Listener.Addr().String()})
	begun, goOn := make(chan struct{}, 10), make(chan struct{})
	r := newRoute(func(ctx context.Context) (*forward, error) {
		begun <- struct{}{}
		<-goOn
		return startForward(ctx, k, "a", 8888)
	})
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() {
		_, err := r.Dial(ctx)
		given <- err
	}()
	<-begun
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	close(goOn)
	conn, err := r.Dial(t.Context())
	must(t, err)
	must(t, conn.Close())
	if len(begun) != 0 {
		t.Error("kubectl was started once more")
	}
}
