package docker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dockerendpoint "github.com/docker/cli/cli/context/docker"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

func TestEndpoints(t *testing.T) {
	type wantEndpoint = dockerendpoint.EndpointMeta
	contexts := map[string]wantEndpoint{
		"colima": {Host: "unix:///home/me/.colima/x.sock"},
		"far":    {Host: "ssh://me@far"},
		"plain":  {},
	}
	linux := hostEnvironment{
		os: "linux", home: "/home/me", runtimeDir: "/run/user/7",
		endpoint: func(name string) (wantEndpoint, error) {
			if e, is := contexts[name]; is {
				return e, nil
			}
			return wantEndpoint{}, errors.New("there is no such context")
		},
	}
	with := func(change func(*hostEnvironment)) hostEnvironment {
		s := linux
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		around hostEnvironment
		want   []endpoint
		code   problem.Code // of the problem
		say    string       // in the problem's hint or command
	}{
		"DOCKER_HOST comes first": {
			around: with(func(s *hostEnvironment) { s.dockerHost, s.context, s.contextEnv = "tcp://x:1", "colima", true }),
			want:   []endpoint{{host: "tcp://x:1", found: "DOCKER_HOST", fromEnv: true}},
		},
		"a context": {
			around: with(func(s *hostEnvironment) { s.context = "colima" }),
			want:   []endpoint{{host: "unix:///home/me/.colima/x.sock", found: "context colima", context: "colima"}},
		},
		"a context without an address": {
			around: with(func(s *hostEnvironment) { s.context = "plain" }),
			want:   []endpoint{{host: "unix:///var/run/docker.sock", found: "context plain", context: "plain"}},
		},
		"DOCKER_HOST makes no sense": {
			around: with(func(s *hostEnvironment) { s.dockerHost = "localhost:nine" }),
			code:   problem.NoEngine, say: "unset DOCKER_HOST",
		},
		"TLS has another default": {
			around: with(func(s *hostEnvironment) { s.tls = true }),
			want:   []endpoint{{host: "tcp://localhost:2376", found: "DOCKER_TLS", fromEnv: true}},
		},
		"TLS of the environment is not for a context": {
			around: with(func(s *hostEnvironment) { s.tls, s.context = true, "colima" }),
			want:   []endpoint{{host: "unix:///home/me/.colima/x.sock", found: "context colima", context: "colima"}},
		},
		"a context that is not there": {
			around: with(func(s *hostEnvironment) { s.context = "gone" }),
			code:   problem.NoContext, say: "The docker configuration names it",
		},
		"DOCKER_CONTEXT is not there": {
			around: with(func(s *hostEnvironment) { s.context, s.contextEnv = "gone", true }),
			code:   problem.NoContext, say: "DOCKER_CONTEXT names it",
		},
		"DOCKER_HOST over SSH": {
			around: with(func(s *hostEnvironment) { s.dockerHost = "ssh://me@far" }),
			want:   []endpoint{{host: "ssh://me@far", found: "DOCKER_HOST", fromEnv: true}},
		},
		"a context over SSH": {
			around: with(func(s *hostEnvironment) { s.context = "far" }),
			want:   []endpoint{{host: "ssh://me@far", found: "context far", context: "far"}},
		},
		"the default context on Linux": {
			around: with(func(s *hostEnvironment) { s.context = "default" }),
			want: []endpoint{
				{host: "unix:///var/run/docker.sock", found: "default"},
				{host: "unix:///run/user/7/docker.sock", found: "socket of rootless Docker"},
				{host: "unix:///home/me/.docker/desktop/docker.sock", found: "socket of Docker Desktop"},
				{host: "unix:///home/me/.docker/run/docker.sock", found: "socket of Docker Desktop"},
				{host: "unix:///home/me/.colima/default/docker.sock", found: "socket of Colima"},
				{host: "unix:///home/me/.config/colima/default/docker.sock", found: "socket of Colima"},
				{host: "unix:///home/me/.rd/docker.sock", found: "socket of Rancher Desktop"},
				{host: "unix:///home/me/.orbstack/run/docker.sock", found: "socket of OrbStack"},
				{host: "unix:///home/me/.lima/docker/sock/docker.sock", found: "socket of Lima"},
				{host: "unix:///run/user/7/podman/podman.sock", found: "socket of Podman"},
				{host: "unix:///run/podman/podman.sock", found: "socket of Podman"},
			},
		},
		"nobody's home": {
			around: with(func(s *hostEnvironment) { s.home, s.runtimeDir = "", "" }),
			want: []endpoint{
				{host: "unix:///var/run/docker.sock", found: "default"},
				{host: "unix:///run/podman/podman.sock", found: "socket of Podman"},
			},
		},
		"Windows": {
			around: with(func(s *hostEnvironment) { s.os = "windows" }),
			want: []endpoint{
				{host: "npipe:////./pipe/docker_engine", found: "default"},
				{host: "npipe:////./pipe/dockerDesktopLinuxEngine", found: "pipe of Docker Desktop"},
				{host: "npipe:////./pipe/podman-machine-default", found: "pipe of Podman"},
			},
		},
	} {
		got, err := endpoints(c.around)
		if c.code != "" {
			var p *problem.Problem
			if !errors.As(err, &p) || p.Code != c.code || !strings.Contains(p.Hint+p.Command, c.say) || p.Command == "" {
				t.Errorf("%s: the problem is %+v", name, p)
			}
			continue
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%+v (%v), want\n%+v", name, got, err, c.want)
		}
	}
	mac, _ := endpoints(with(func(s *hostEnvironment) { s.os, s.tempDir = "darwin", "/var/folders/x/T" }))
	if last := mac[len(mac)-1]; last.found != "socket of Podman" || !strings.HasPrefix(last.host, "unix:///home/me/.local/share/containers/podman/machine/") {
		t.Errorf("on a Mac the last place is %+v", last)
	}
}

func TestChosen(t *testing.T) {
	all := []endpoint{{host: "default"}, {host: "colima"}, {host: "podman"}}
	for name, c := range map[string]struct {
		there string
		last  string
		away  time.Duration
		want  string
	}{
		"nothing is there":                         {"", "", 0, "default"},
		"the default one":                          {"default colima podman", "", 0, "default colima podman"},
		"others":                                   {"colima podman", "", 0, "colima podman"},
		"the one in use stays":                     {"default colima podman", "podman", 0, "podman"},
		"the one in use may be starting again":     {"podman", "default", restartTime - 1, "default"},
		"it is not coming back":                    {"podman", "default", restartTime, "podman"},
		"the one in use was chosen by other means": {"default", "elsewhere", 0, "default"},
	} {
		var got []string
		for _, p := range candidateEndpoints(all, func(host string) bool { return slices.Contains(strings.Fields(c.there), host) }, endpoint{host: c.last}, c.away) {
			got = append(got, p.host)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}

// found asks the engine who it is and how it was found.
func found(t *testing.T, d *Engine) engine.Info {
	t.Helper()
	info, err := d.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestEngineOfContext goes by contexts as the docker command makes them, and
// follows when another one is chosen.
func TestEngineOfContext(t *testing.T) {
	which := testenv.Engine(t)
	testenv.DockerHome(t)
	testenv.DockerCommand(t, "context", "create", "one", "--docker", "host="+which)
	testenv.DockerCommand(t, "context", "create", "two", "--docker", "host=unix:///nowhere/docker.sock")
	testenv.DockerCommand(t, "context", "use", "one")

	d, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if info := found(t, d); info.Found != "context one" || info.Host != which || d.Host() != which {
		t.Errorf("found %+v", info)
	}

	testenv.DockerCommand(t, "context", "use", "two")
	if _, err := d.Connect(t.Context()); !errors.Is(err, engine.ErrUnreachable) || d.Host() != "unix:///nowhere/docker.sock" {
		t.Errorf("with the other context: %v at %s", err, d.Host())
	}
	t.Setenv("DOCKER_CONTEXT", "one")
	if info := found(t, d); info.Found != "context one" {
		t.Errorf("DOCKER_CONTEXT comes before the docker configuration, but %+v", info)
	}
	t.Setenv("DOCKER_CONTEXT", "three")
	_, err = d.Connect(t.Context())
	if p := engine.ConnectProblem(d.Which(), err); p.Code != problem.NoContext || p.Command != "docker context ls" {
		t.Errorf("a context that is not there: %+v", p)
	}
	t.Setenv("DOCKER_HOST", which)
	if info := found(t, d); info.Found != "DOCKER_HOST" {
		t.Errorf("DOCKER_HOST comes first, but %+v", info)
	}
}

// TestWrongContextIsAProblem holds for a program that begins with it, and for
// requests that do not wait for the engine.
func TestWrongContextIsAProblem(t *testing.T) {
	home := testenv.DockerHome(t)
	if err := os.MkdirAll(filepath.Join(home, ".docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(home, ".docker", "config.json")
	if err := os.WriteFile(config, []byte(`{"currentContext": "gone"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, ask := range map[string]func() error{
		"ping":    func() error { _, err := d.Connect(t.Context()); return err },
		"inspect": func() error { _, err := d.Inspect(t.Context(), "x"); return err },
	} {
		if p := engine.ConnectProblem(d.Which(), ask()); p.Code != problem.NoContext || !strings.Contains(p.Short, "gone") {
			t.Errorf("%s: the problem is %+v", name, p)
		}
	}
	if err := os.WriteFile(config, []byte(`{"currentContext": `), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := readDockerConfig(); err == nil || c.CurrentContext != "" {
		t.Errorf("a broken configuration gave %+v", c)
	}
}

// elsewhere offers an engine at another socket, as the engines that keep theirs
// elsewhere do.
func elsewhere(t *testing.T, socket, engine string) (remove func()) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(strings.TrimPrefix(engine, "unix://"), socket); err != nil {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(socket) }
}

// TestEngineElsewhere finds the sockets of other engines, and one that comes
// later, without a new start of the program.
func TestEngineElsewhere(t *testing.T) {
	testenv.Takes(t, "a Podman is started")
	which, podman := testenv.Engine(t), testenv.Podman(t).Host()
	home := testenv.DockerHome(t)
	now := time.Now()
	f := newFinder()
	f.now = func() time.Time { return now }
	f.exists = func(host string) bool { // no engine of the machine itself
		return strings.HasPrefix(host, "unix://"+home) && hostExists(host)
	}
	d := newFound(f)
	defer d.Close()
	if _, err := f.candidates(); err != nil || d.Host() != "unix:///var/run/docker.sock" {
		t.Errorf("when there is none, the one named is at %s", d.Host())
	}
	var removes []func()
	for _, c := range []struct{ socket, found string }{
		{"run/podman/podman.sock", "socket of Podman"},
		{".orbstack/run/docker.sock", "socket of OrbStack"},
		{".rd/docker.sock", "socket of Rancher Desktop"},
		{".colima/default/docker.sock", "socket of Colima"},
		{".docker/run/docker.sock", "socket of Docker Desktop"},
		{".docker/desktop/docker.sock", "socket of Docker Desktop"},
		{"run/docker.sock", "socket of rootless Docker"},
	} {
		at, product := which, "Docker"
		if c.found == "socket of Podman" {
			at, product = podman, "Podman"
		}
		removes = append(removes, elsewhere(t, filepath.Join(home, c.socket), at))
		f.last, f.lost = endpoint{}, time.Time{}
		if info := found(t, d); info.Found != c.found || info.Name != product {
			t.Errorf("with %s: found %+v", c.socket, info)
		}
	}

	// The one in use goes: it is waited for, and then another takes its place.
	removes[len(removes)-1]()
	if _, err := d.Connect(t.Context()); !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("gone for a moment, and %v", err)
	}
	now = now.Add(restartTime)
	if info := found(t, d); info.Found != "socket of Docker Desktop" {
		t.Errorf("gone for good, and found %+v", info)
	}

	// A socket that nobody serves any more is passed over.
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(home, "run/docker.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	_ = dead.Close()
	f.last = endpoint{}
	if info := found(t, d); info.Found != "socket of Docker Desktop" {
		t.Errorf("beside a dead socket, found %+v", info)
	}
}

// TestEngineTooOld speaks to a peer that knows an old version only.
func TestEngineTooOld(t *testing.T) {
	socket := filepath.Join(testenv.DockerHome(t), "old.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.39")
		_ = json.NewEncoder(w).Encode(map[string]string{"Version": "18.09.9", "ApiVersion": "1.39"})
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	d, err := New("unix://" + socket)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = d.Connect(t.Context())
	if p := engine.ConnectProblem(d.Which(), err); p.Code != problem.EngineTooOld || !strings.Contains(p.Hint, "19.03") {
		t.Errorf("the problem is %+v (%v)", p, err)
	}
}

// TestCommandThatAsksTheEngine: what a person is told to run asks the engine that
// is in use, and is short where it can be.
func TestCommandThatAsksTheEngine(t *testing.T) {
	const own = "unix:///run/user/1000/podman/podman.sock"
	for _, c := range []struct {
		root   bool
		place  endpoint
		podman bool
		want   string
	}{
		{place: endpoint{host: "unix:///var/run/docker.sock", found: "default"}, want: "docker"},
		{place: endpoint{host: "tcp://127.0.0.1:2375", found: "DOCKER_HOST"}, want: "docker"},
		{place: endpoint{host: "unix:///x.sock", found: "context x"}, want: "docker"},
		{place: endpoint{host: "unix:///home/u/.colima/default/docker.sock", found: "socket of Colima"}, want: "docker --host unix:///home/u/.colima/default/docker.sock"},
		{place: endpoint{host: own, found: "socket of Podman"}, podman: true, want: "podman"},
		{place: endpoint{host: own, found: "DOCKER_HOST"}, podman: true, want: "podman"},
		{place: endpoint{host: "unix:///var/run/docker.sock", found: "default"}, podman: true, want: "podman --url unix:///var/run/docker.sock"},
		{place: endpoint{host: "unix://" + engine.RootPodman, found: "socket of Podman"}, podman: true, want: "podman --url unix://" + engine.RootPodman},
		{place: endpoint{host: "unix://" + engine.RootPodman, found: "socket of Podman"}, podman: true, root: true, want: "podman"},
	} {
		s := hostEnvironment{os: "linux", home: "/home/u", runtimeDir: "/run/user/1000", root: c.root}
		c.place.own = s.ownPodman(c.place.host)
		if got := c.place.cli(c.podman); got != c.want {
			t.Errorf("%+v, Podman %v, root %v: %q, not %q", c.place, c.podman, c.root, got, c.want)
		}
	}
}

// TestEngineThatIsSilent: who is there and does not answer is told from nobody,
// and from somebody who is no engine.
func TestEngineThatIsSilent(t *testing.T) {
	home := testenv.DockerHome(t)
	for name, c := range map[string]struct {
		serve func(net.Conn) // nil when nobody listens
		code  problem.Code
		say   string
	}{
		"nobody listens": {code: problem.NoEngine, say: "Nothing answers"},
		"silence":        {serve: func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, code: problem.Silent, say: "no answer in time"},
		"silence after the first answer": {serve: func(c net.Conn) {
			for in := bufio.NewReader(c); ; {
				q, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				if q.URL.Path == "/_ping" {
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n")
				}
			}
		}, code: problem.Silent, say: "no answer in time"},
		"it hangs up": {serve: func(c net.Conn) { _ = c.Close() }, code: problem.Silent, say: "not as an engine does"},
		"a web page": {serve: func(c net.Conn) {
			for in := bufio.NewReader(c); ; {
				q, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n")
				if q.Method != http.MethodHead {
					_, _ = io.WriteString(c, "<html>")
				}
			}
		}, code: problem.Silent, say: "not as an engine does"},
	} {
		for _, network := range []string{"unix", "tcp"} {
			t.Run(name+" over "+network, func(t *testing.T) {
				address := "127.0.0.1:0"
				if network == "unix" {
					address = filepath.Join(home, "engine.sock")
				}
				on := testenv.Listen(t, network, address)
				host := network + "://" + on.Addr().String()
				var serving sync.WaitGroup
				defer serving.Wait()
				defer on.Close()
				if c.serve == nil {
					_ = on.Close()
				} else {
					serving.Go(func() {
						for {
							conn, err := on.Accept()
							if err != nil {
								return
							}
							serving.Go(func() {
								defer conn.Close()
								c.serve(conn)
							})
						}
					})
				}
				d, err := New(host)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				_, err = d.Connect(ctx)
				p := engine.ConnectProblem(d.Which(), err)
				if p.Code != c.code || !strings.Contains(p.Hint, c.say) || !strings.Contains(p.Hint, host) {
					t.Errorf("the problem is %s: %s (%#v, %v)", p.Code, p.Hint, err, err)
				}
			})
		}
	}
}

// TestWhoSaysWhereTheEngineIs: where nothing answers, what is wrong can be what
// leads there, and then nobody is told to start Docker.
func TestWhoSaysWhereTheEngineIs(t *testing.T) {
	home := testenv.DockerHome(t)
	testenv.DockerCommand(t, "context", "create", "gone", "--docker", "host=unix://"+home+"/none.sock")
	for name, c := range map[string]struct {
		env           map[string]string
		hint, command string
	}{
		"DOCKER_HOST": {map[string]string{"DOCKER_HOST": "unix://" + home + "/none.sock"}, "DOCKER_HOST says", "unset DOCKER_HOST"},
		"a context":   {map[string]string{"DOCKER_CONTEXT": "gone"}, "the docker context gone says", "docker context ls"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			d, err := New("")
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			_, err = d.Connect(t.Context())
			p := engine.ConnectProblem(d.Which(), err)
			if p.Code != problem.NoEngine || !strings.Contains(p.Hint, c.hint) || !strings.Contains(p.Hint, home+"/none.sock") || p.Command != c.command {
				t.Errorf("the problem is %+v", p)
			}
		})
	}
}
