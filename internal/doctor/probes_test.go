package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine/docker"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// manage runs a manager for the runtime of a profile until the test ends.
func manage(t *testing.T, engineItem string, p config.Profile) *runtime.Manager {
	t.Helper()
	docker, err := docker.New(engineItem)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	link := runtime.NewLink(docker, log)
	m := runtime.NewManager(link, p, runtime.Options{
		Server: runtime.Server{
			Cmd: colab.StartCommand(), Files: colab.ServerFiles, HandmadeFiles: colab.HandmadeFiles(), Ours: colab.IsOurs,
		},
		Log: log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	running.Go(func() { m.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = docker.Close()
	})
	return m
}

func has(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

// TestNoSecretIsToldOf puts secrets wherever a person or program could have put one,
// and searches the report for them.
func TestNoSecretIsToldOf(t *testing.T) {
	t.Parallel()
	testenv.Takes(t, "Jupyter has to start")
	p := config.Default()
	p.Runtime, p.Port, p.Image = testenv.RuntimeName(t), testenv.FreePort(t), testenv.Image(t, testenv.Server2)
	const (
		inContainer = "planted-container-env-1"
		inSettings  = "planted-settings-env-2"
		inProcess   = "planted-process-env-3"
		inHost      = "planted-engine-host-4"
		inLog       = "planted-log-line-5"
		inLogJSON   = "planted-log-json-6"
		token       = "planted-token-7"
	)
	p.Env = []config.Variable{{Name: "HARMLESS", Value: secret.New(inSettings)}}
	testenv.Docker(t, "create", "--name", p.Runtime, "--hostname", p.Runtime, "--env", "WANDB_API_KEY="+inContainer, "--env", "JUPYTER_TOKEN="+token,
		"--publish", fmt.Sprintf("127.0.0.1:%d:8888", p.Port), p.Image, "sh", "-c",
		// The report has the last lines; Jupyter's own output must not push these out.
		fmt.Sprintf(`echo "logging in with $WANDB_API_KEY, and %s"; echo "GET /?token=%s"; echo '{"password": "%s"}'
			echo "or http://127.0.0.1:8888/lab?token=$JUPYTER_TOKEN"; exec start-notebook.sh --port=8888 --log-level=CRITICAL`,
			inSettings, inLog, inLogJSON))
	m := manage(t, testenv.Engine(t), p)
	if err := m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := m.Snapshot().URL.Token().Reveal(); got != token {
		t.Fatalf("the token is %q", got)
	}
	const home = "/home/jane.token-lover/.config/colab-tray/config.toml"
	report := func() Report {
		return Examine(t.Context(), Options{
			Version: "1.2.3", Runtime: m, Profile: p, Settings: home,
			Environ: []string{"DOCKER_HOST=tcp://jane:" + inHost + "@example.org:2376", "GITHUB_TOKEN=" + inProcess, "XDG_CURRENT_DESKTOP=" + inProcess, "XDG_SESSION_TYPE=x11"},
		})
	}
	for _, state := range []string{"ready", "stopped"} {
		text := report().Text()
		for what, secret := range map[string]string{
			"the container's environment": inContainer, "the settings": inSettings, "the program's environment": inProcess,
			"the engine's address": inHost, "a line of the log": inLog, "JSON in the log": inLogJSON, "the URL and the info file": token,
		} {
			if strings.Contains(text, secret) {
				t.Errorf("while %s, the secret of %s is in the report:\n%s", state, what, text)
			}
		}
		has(t, text, "1.2.3", home, p.Runtime, p.Image+" is there", "HARMLESS", "x11", "example.org:2376", "Docker", state+" since",
			"logging in with [redacted], and [redacted]", "GET /?token=[redacted]", "or http://127.0.0.1:8888/lab?token=[redacted]", "held by nobody else")
		if err := m.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWithoutEngine: without an engine the report has everything else.
func TestWithoutEngine(t *testing.T) {
	p := config.Default()
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	p.Port = held.Addr().(*net.TCPAddr).Port
	m := manage(t, "unix://"+filepath.Join(t.TempDir(), "none.sock"), p)
	for s := range m.Watch(t.Context()) {
		if s.State == runtime.NoEngine {
			break
		}
	}
	text := Examine(t.Context(), Options{Version: "1.2.3", Runtime: m, Profile: p, Settings: "none"}).Text()
	has(t, text, "1.2.3", "noengine since", "no-engine: Docker does not answer", "none.sock", fmt.Sprintf("%d is held by doctor.test", p.Port),
		"Last output:   - left out")
}
