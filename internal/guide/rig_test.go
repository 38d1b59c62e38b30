package guide

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/gpu"
	"colabtray/internal/i18n"
	"colabtray/internal/install"
	"colabtray/internal/jupyter"
	"colabtray/internal/packages"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// longEnough bounds every wait; it is only used up when something is broken.
const longEnough = 2 * time.Minute

// rig is a guide to a real runtime.
type rig struct {
	*Guide
	t       *testing.T
	manager *runtime.Manager
	profile config.Profile
	log     *lockedBuffer
	kept    []string         // packages that the settings keep
	file    string           // the settings
	acts    chan problem.Act // those that the page asked for

	connected atomic.Bool // a notebook was
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newRig makes a guide to a runtime of the image that does not exist yet.
func newRig(t *testing.T, image string) *rig {
	t.Helper()
	testenv.Takes(t, "Jupyter has to start")
	p := config.Default()
	p.Runtime, p.Image, p.Port = testenv.RuntimeName(t), testenv.Image(t, image), testenv.FreePort(t)
	return open(t, testenv.Engine(t), p)
}

// withoutEngine makes a guide where no engine is.
func withoutEngine(t *testing.T) *rig {
	t.Helper()
	return open(t, "unix://"+filepath.Join(t.TempDir(), "none.sock"), config.Default())
}

func open(t *testing.T, engine string, p config.Profile) *rig {
	t.Helper()
	docker, err := docker.New(engine)
	if err != nil {
		t.Fatal(err)
	}
	return openOn(t, docker, p)
}

func openOn(t *testing.T, e engine.Engine, p config.Profile) *rig {
	t.Helper()
	r := &rig{t: t, profile: p, log: new(lockedBuffer), acts: make(chan problem.Act, 9), file: filepath.Join(t.TempDir(), "config.toml")}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	link := runtime.NewLink(e, log)
	r.manager = runtime.NewManager(link, p, runtime.Options{
		Server: runtime.Server{
			Cmd: colab.StartCommand(), Files: colab.ServerFiles, HandmadeFiles: colab.HandmadeFiles(), Ours: colab.IsOurs,
		},
		Tokens:  jupyter.NewTokenStore(filepath.Join(t.TempDir(), "tokens.json"), log),
		Backups: t.TempDir(),
		Log:     log,
	})
	r.Guide = New(Options{
		Runtime: r.manager,
		Check: func(ctx context.Context, tell func(colab.Step)) (colab.Report, error) {
			s := r.manager.Snapshot()
			return colab.Check(ctx, colab.Target{Profile: p, Port: s.Port, Token: s.URL.Token(), Ours: s.Ours}, tell), nil
		},
		Folders:    fileFolders{r},
		Settings:   &fileSettings{r: r},
		Connecting: connecting{r},
		Report:     func(context.Context) string { return "the report of " + p.Runtime },
		Install: func() install.Help {
			return install.Docker(install.System{OS: "linux", ID: "fedora", Name: "Fedora Linux 41"})
		},
		// No card is here: this one computes half of the time.
		GPU: func(ctx context.Context) <-chan gpu.Usage {
			c := make(chan gpu.Usage, 1)
			c <- gpu.Usage{Cards: 1, Busy: 0.5, Memory: 3e9, MemoryTotal: 12e9}
			return c
		},
		Packages: func(ctx context.Context) (packages.List, error) {
			list, err := r.manager.Packages(ctx)
			list.MarkKept(r.kept)
			return list, err
		},
		KeepPackages: func(ctx context.Context, names []string) error {
			list, err := r.Packages(ctx)
			if err == nil {
				r.kept, err = runtime.Requirements(list, names)
			}
			return err
		},
		Recent:  colab.NewRecent(filepath.Join(t.TempDir(), "notebooks.json")),
		Acts:    func(problem.Act) bool { return true },
		Act:     func(_ context.Context, a problem.Act) error { r.acts <- a; return nil },
		Version: "1.2.3",
		Log:     log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	running.Go(func() { r.manager.Run(ctx) })
	t.Cleanup(func() {
		r.Close()
		cancel()
		running.Wait()
		_ = e.Close()
		if t.Failed() {
			t.Logf("log:\n%s", r.log)
		}
	})
	return r
}

// connecting keeps the token in the rig's settings file, and remembers in the rig. The
// default browser is not the one of the tests.
type connecting struct{ r *rig }

func (connecting) DefaultBrowser(context.Context) string { return "firefox" }
func (connecting) Notice(context.Context) string         { return "This computer is a test." }
func (c connecting) Connected() bool                     { return c.r.connected.Load() }

func (c connecting) SetConnected() error {
	c.r.connected.Store(true)
	return nil
}

func (c connecting) KeepsToken() bool {
	settings, err := config.Load(config.Sources{File: c.r.file})
	return err == nil && settings.Profiles[c.r.profile.Name].Token == config.TokenKeep
}

func (c connecting) KeepToken(keep bool) error {
	policy := config.TokenFresh
	if keep {
		policy = config.TokenKeep
	}
	return config.Set(c.r.file, []string{"profiles", c.r.profile.Name, "token"}, string(policy))
}

// fileFolders are those of the rig's settings file, which follows it as the program
// does.
type fileFolders struct{ r *rig }

func (f fileFolders) List() ([]config.Folder, error) {
	settings, err := config.Load(config.Sources{File: f.r.file})
	return settings.Profiles[f.r.profile.Name].Folders, err
}

func (f fileFolders) Add(folder config.Folder) error {
	return f.follow(config.AddFolder(f.r.file, f.r.profile.Name, folder))
}

func (f fileFolders) Remove(host string) error {
	return f.follow(config.RemoveFolder(f.r.file, f.r.profile.Name, host))
}

func (f fileFolders) follow(err error) error {
	all, listErr := f.List()
	p := f.r.manager.Profile()
	p.Folders = all
	f.r.manager.SetProfile(p)
	if err == nil {
		err = listErr
	}
	return err
}

// fileSettings are those of the rig's settings file. Nobody else follows it.
type fileSettings struct {
	r     *rig
	login atomic.Bool
}

func (f *fileSettings) File() string { return f.r.file }

func (f *fileSettings) Apply() {
	i18n.Use("en")
	if config.LanguageIn(f.r.file) == "de" {
		i18n.Use("de")
	}
}

func (f *fileSettings) Overrides() map[config.Place]string {
	return map[config.Place]string{"profile.platform": "COLAB_TRAY_TEST"}
}

func (f *fileSettings) StartsAtLogin() (bool, error) { return f.login.Load(), nil }

func (f *fileSettings) SetStartAtLogin(on bool) error {
	f.login.Store(on)
	return nil
}

// address returns a new address of the guide, and its origin.
func (r *rig) address() (url, origin string) {
	r.t.Helper()
	url, err := r.URL(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	origin, _, _ = strings.Cut(url, "/?")
	return url, origin
}

// browserClient is a client that has what the page has, and does as it is told.
type browserClient struct {
	t      *testing.T
	client *http.Client
	secret string // is sent with each request that says nothing else of it

	transport http.RoundTripper
}

func newVisitor(t *testing.T) *browserClient {
	t.Helper()
	v := &browserClient{t: t}
	v.client = &http.Client{Transport: v}
	transport := new(http.Transport)
	v.transport = transport
	t.Cleanup(transport.CloseIdleConnections)
	return v
}

func (v *browserClient) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, says := r.Header["Authorization"]; !says && v.secret != "" {
		r.Header.Set("Authorization", "Bearer "+v.secret)
	}
	return v.transport.RoundTrip(r)
}

// ask sends a request with the headers given in pairs, of which Host is the
// host, and returns the answer with its body read. A stream, which has no end, is
// not read: who is let into one by mistake is noticed at once.
func (v *browserClient) ask(method, url string, headers ...string) (*http.Response, string) {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), longEnough)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			request.Host = headers[i+1]
		}
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.Header.Get("Content-Type") == "text/event-stream" {
		return response, ""
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return response, string(body)
}

// openSession opens the guide with a new key.
func (v *browserClient) openSession(r *rig) (origin string) {
	v.t.Helper()
	url, origin := r.address()
	if response := v.enter(url); response.StatusCode != http.StatusOK {
		v.t.Fatalf("the key was answered with %s", response.Status)
	}
	return origin
}

// enter exchanges the key in an address as the page does.
func (v *browserClient) enter(url string) *http.Response {
	v.t.Helper()
	origin, key, _ := strings.Cut(url, "/?")
	response, body := v.ask("POST", origin+enterPath+"?"+key, "Origin", origin, header, "1")
	if response.StatusCode == http.StatusOK {
		v.secret = body
	}
	return response
}

func wantStatus(t *testing.T, what string, response *http.Response, want int) {
	t.Helper()
	if response.StatusCode != want {
		t.Errorf("%s: the answer is %s, not %d", what, response.Status, want)
	}
}
