package docker

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"colabtray/internal/engine"
	"colabtray/test/testenv"
)

// stubRequest is what a stand-in engine was asked.
type stubRequest struct {
	at       string // which of the stubs
	request  string // method and path
	platform string
	headers  string
	tls      bool
	client   bool // the client has a certificate
}

// engineStubs stand where an engine may be, and note the first request on each
// path of the API.
type engineStubs struct {
	mu       sync.Mutex
	requests map[string]stubRequest // by the last part of the path
}

// drain returns what was heard on a path since the last time.
func (l *engineStubs) drain(path string) stubRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer clear(l.requests)
	return l.requests[path]
}

// serve answers at a listener as an engine would.
func (l *engineStubs) serve(t *testing.T, at string, on net.Listener) {
	t.Helper()
	server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers := r.Header.Clone()
		headers.Del("User-Agent")
		headers.Del("Content-Length")
		headers.Del("X-Registry-Auth") // docker sends an empty one where we send none
		var lines []string
		for name, values := range headers {
			lines = append(lines, name+": "+strings.Join(values, ","))
		}
		slices.Sort(lines)
		path := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		l.mu.Lock()
		if _, before := l.requests[path]; !before {
			l.requests[path] = stubRequest{
				at: at, request: r.Method + " " + r.URL.Path, headers: strings.Join(lines, "\n"), platform: r.URL.Query().Get("platform"),
				tls: r.TLS != nil, client: r.TLS != nil && len(r.TLS.PeerCertificates) > 0,
			}
		}
		l.mu.Unlock()
		w.Header().Set("Api-Version", "1.41")
		switch {
		case path == "version":
			fmt.Fprint(w, `{"Version": "20.10.24", "ApiVersion": "1.41"}`)
		case strings.HasSuffix(r.URL.Path, "/containers/create"):
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"Id": "x"}`)
		case path == "create":
			fmt.Fprint(w, `{"status": "done"}`)
		case path != "_ping":
			http.NotFound(w, r)
		}
	})}
	go func() { _ = server.Serve(on) }()
	t.Cleanup(func() { _ = server.Close() })
}

// TestAsTheDockerCommand has the docker command and us ask engines, in the same
// surroundings: at the same address, with the same headers, TLS and platform.
func TestAsTheDockerCommand(t *testing.T) {
	testenv.NeedCommand(t, "docker")
	home := testenv.DockerHome(t)
	l := &engineStubs{requests: map[string]stubRequest{}}
	own, known := testenv.Certificate(t, filepath.Join(home, "certs"))
	secured := func(auth tls.ClientAuthType) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: auth, ClientCAs: known}
	}
	plain, safe, lax := testenv.Listen(t, "tcp", "127.0.0.1:0"), testenv.Listen(t, "tcp", "127.0.0.1:0"), testenv.Listen(t, "tcp", "127.0.0.1:0")
	usual := testenv.Listen(t, "tcp", "127.0.0.1:2376")
	socket := filepath.Join(home, "engine.sock")
	l.serve(t, "tcp", plain)
	l.serve(t, "mutual TLS", tls.NewListener(safe, secured(tls.RequireAndVerifyClientCert)))
	l.serve(t, "TLS", tls.NewListener(lax, secured(tls.VerifyClientCertIfGiven)))
	l.serve(t, "usual port", tls.NewListener(usual, secured(tls.RequireAndVerifyClientCert)))
	l.serve(t, "socket", testenv.Listen(t, "unix", socket))

	certs := filepath.Join(home, "certs")
	testenv.DockerCommand(t, "context", "create", "safe", "--docker",
		fmt.Sprintf("host=tcp://%s,ca=%s/ca.pem,cert=%[2]s/cert.pem,key=%[2]s/key.pem", safe.Addr(), certs))
	testenv.DockerCommand(t, "context", "create", "unsafe", "--docker", fmt.Sprintf("host=tcp://%s,skip-tls-verify=true", lax.Addr()))
	testenv.DockerCommand(t, "context", "create", "socket", "--docker", "host=unix://"+socket)
	testenv.DockerCommand(t, "context", "create", "bare", "--docker", "host=tcp://"+safe.Addr().String())
	configFile := filepath.Join(home, ".docker", "config.json")
	elsewhere := filepath.Join(home, "elsewhere")
	testenv.Write(t, filepath.Join(elsewhere, "config.json"), `{"currentContext": "here", "HttpHeaders": {"X-Where": "elsewhere"}}`)
	t.Setenv("DOCKER_CONFIG", elsewhere)
	testenv.DockerCommand(t, "context", "create", "here", "--docker", "host=unix://"+socket)
	for _, file := range []string{"ca.pem", "cert.pem", "key.pem"} {
		text, err := os.ReadFile(filepath.Join(certs, file))
		if err != nil {
			t.Fatal(err)
		}
		testenv.Write(t, filepath.Join(home, ".docker", file), string(text))
	}

	_, port, _ := net.SplitHostPort(plain.Addr().String())
	_, safePort, _ := net.SplitHostPort(safe.Addr().String())
	_, laxPort, _ := net.SplitHostPort(lax.Addr().String())
	type env = map[string]string
	for name, c := range map[string]struct {
		env    env
		config string
		does   string // create, pull, or the version is asked for
		want   string // where it is heard; empty for nowhere
	}{
		"address and port":                {env: env{"DOCKER_HOST": "127.0.0.1:" + port}, want: "tcp"},
		"a port":                          {env: env{"DOCKER_HOST": ":" + port}, want: "tcp"},
		"blanks around it":                {env: env{"DOCKER_HOST": "  tcp://127.0.0.1:" + port + " "}, want: "tcp"},
		"another protocol":                {env: env{"DOCKER_HOST": "http://127.0.0.1:" + port}},
		"a port that is none":             {env: env{"DOCKER_HOST": "127.0.0.1:nine"}},
		"a socket":                        {env: env{"DOCKER_HOST": "unix://" + socket}, want: "socket"},
		"DOCKER_HOST before contexts":     {env: env{"DOCKER_HOST": ":" + port, "DOCKER_CONTEXT": "socket"}, want: "tcp"},
		"DOCKER_CONTEXT":                  {env: env{"DOCKER_CONTEXT": "socket"}, config: `{"currentContext": "safe"}`, want: "socket"},
		"currentContext":                  {config: `{"currentContext": "safe"}`, want: "mutual TLS"},
		"a context that skips the check":  {config: `{"currentContext": "unsafe"}`, want: "TLS"},
		"a context without the files":     {config: `{"currentContext": "bare"}`},
		"a context that is not there":     {config: `{"currentContext": "gone"}`},
		"DOCKER_CONFIG":                   {env: env{"DOCKER_CONFIG": elsewhere}, want: "socket"},
		"TLS of a path":                   {env: env{"DOCKER_HOST": ":" + safePort, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certs}, want: "mutual TLS"},
		"TLS without a path":              {env: env{"DOCKER_HOST": "localhost:" + safePort, "DOCKER_TLS_VERIFY": "1"}, want: "mutual TLS"},
		"TLS without a path or files":     {env: env{"DOCKER_HOST": "localhost:" + safePort, "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": elsewhere}},
		"TLS without a host":              {env: env{"DOCKER_TLS_VERIFY": "1"}, want: "usual port"},
		"TLS that is not verified":        {env: env{"DOCKER_HOST": ":" + laxPort, "DOCKER_TLS": "1"}, want: "TLS"},
		"TLS is not for contexts":         {env: env{"DOCKER_CONTEXT": "bare", "DOCKER_TLS_VERIFY": "1"}},
		"TLS is not for sockets":          {env: env{"DOCKER_HOST": "unix://" + socket, "DOCKER_TLS_VERIFY": "1"}, want: "socket"},
		"headers":                         {env: env{"DOCKER_HOST": ":" + port}, config: `{"HttpHeaders": {"X-Team": "blue", "User-Agent": "mine"}}`, want: "tcp"},
		"headers, a broken configuration": {env: env{"DOCKER_HOST": ":" + port}, config: `{"HttpHeaders": {"X-Team": "blue"}, "auths": {"x": {"auth": "%"}}}`, want: "tcp"},
		"a platform to create for":        {env: env{"DOCKER_HOST": ":" + port, "DOCKER_DEFAULT_PLATFORM": "linux/arm64/v8"}, does: "create", want: "tcp"},
		"a short name of it":              {env: env{"DOCKER_HOST": ":" + port, "DOCKER_DEFAULT_PLATFORM": "aarch64"}, does: "create", want: "tcp"},
		"a platform that is none":         {env: env{"DOCKER_HOST": ":" + port, "DOCKER_DEFAULT_PLATFORM": "a/b/c/d"}, does: "create"},
		"a platform to pull for":          {env: env{"DOCKER_HOST": ":" + port, "DOCKER_DEFAULT_PLATFORM": "linux/s390x"}, does: "pull", want: "tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("DOCKER_CONFIG", "")
			if c.config == "" {
				c.config = "{}"
			}
			testenv.Write(t, configFile, c.config)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			command, path := []string{"version"}, "_ping"
			switch c.does {
			case "create":
				command, path = []string{"create", "--pull", "never", "example/image"}, "create"
			case "pull":
				command, path = []string{"pull", "example/image"}, "create"
			}
			message, _ := exec.Command("docker", command...).CombinedOutput()
			theirs := l.drain(path)

			d, err := New("")
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			_, err = d.Connect(t.Context())
			switch c.does {
			case "create":
				_, err = d.Create(t.Context(), engine.Spec{Name: "x", Image: "example/image"})
			case "pull":
				err = d.Pull(t.Context(), "example/image", "", func(engine.Progress) {})
			}
			ours := l.drain(path)
			if ours != theirs || ours.at != c.want {
				t.Errorf("wanted at %q\ndocker: %+v (%s)\nours: %+v (%v)", c.want, theirs, message, ours, err)
			}
			if c.want == "" && err == nil {
				t.Error("there was no error")
			}
		})
	}
	t.Run("the version is negotiated all the same", func(t *testing.T) {
		t.Setenv("DOCKER_CONFIG", "")
		t.Setenv("DOCKER_HOST", ":"+port)
		t.Setenv("DOCKER_API_VERSION", "1.30")
		d, err := New("")
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if info, err := d.Connect(t.Context()); err != nil || info.API != "1.41" {
			t.Errorf("it is %+v, %v", info, err)
		}
	})
}
