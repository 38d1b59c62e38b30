package colabpage

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/jupyter"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// server is a Jupyter server that the page is to connect to.
type server struct {
	name  string
	port  int
	token string
}

// base returns the address in the form of a Backend URL, which has localhost.
func (s server) base() string { return fmt.Sprintf("http://localhost:%d", s.port) }

// startRuntime starts a runtime of the image as the program does.
func startRuntime(t *testing.T, image string, kind config.Kind) server {
	t.Helper()
	s, _ := startAs(t, image, func(p *config.Profile) { p.Kind = kind })
	return s
}

// startAs starts a runtime of the image as the tray does.
func startAs(t *testing.T, image string, set func(*config.Profile)) (server, *runtime.Manager) {
	t.Helper()
	testenv.Takes(t, "Jupyter and a browser have to start")
	profile := config.Default()
	profile.Engine = testenv.Engine(t)
	profile.Runtime, profile.Port = testenv.RuntimeName(t), testenv.FreePort(t)
	profile.Image = testenv.Image(t, image)
	set(&profile)
	return startOn(t, docker.Open(profile.Engine, logOf(t)), profile)
}

func logOf(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// startOn starts a runtime as the tray does, on an engine that it closes.
func startOn(t *testing.T, e engine.Engine, profile config.Profile) (server, *runtime.Manager) {
	t.Helper()
	log := logOf(t)
	link := runtime.NewLink(e, log)
	manager := runtime.NewManager(link, profile, runtime.Options{
		Server: runtime.Server{
			Cmd: colab.StartCommand(), Files: colab.ServerFiles, HandmadeFiles: colab.HandmadeFiles(), Ours: colab.IsOurs,
		},
		Tokens:   jupyter.NewTokenStore(filepath.Join(t.TempDir(), "tokens.json"), log),
		StopIdle: true, WakeFor: colab.Origin, Backups: filepath.Join(t.TempDir(), "backups"), Locks: filepath.Join(t.TempDir(), "locks"), Log: log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { link.Run(ctx) })
	running.Go(func() { manager.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = e.Close()
	})
	if err := manager.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	url := manager.Snapshot().URL
	return server{profile.Runtime, url.Port(), url.Token().Reveal()}, manager
}

// startDocumented starts a container with the options that Google's
// instructions have, and nothing of ours. The image of Jupyter Server 2 lacks
// notebook_shim, which hands the options on under another name.
func startDocumented(t *testing.T, image string) server {
	t.Helper()
	testenv.Takes(t, "Jupyter and a browser have to start")
	app := "NotebookApp"
	if image == testenv.Server2 {
		app = "ServerApp"
	}
	s := server{testenv.RuntimeName(t), testenv.FreePort(t), "a-token-of-this-test"}
	testenv.Docker(t, "run", "--detach", "--name", s.name, "--hostname", s.name, "--env", "JUPYTER_TOKEN="+s.token,
		"--publish", fmt.Sprintf("127.0.0.1:%d:8888", s.port), testenv.Image(t, image), "start-notebook.sh",
		"--"+app+".allow_origin=https://colab.research.google.com", "--port=8888", "--"+app+".port_retries=0", "--"+app+".allow_credentials=True")
	testenv.WaitFor(t, "Jupyter in "+s.name, func() error {
		_, err := s.kernels()
		return err
	})
	return s
}

// kernels returns how many kernels the server has.
func (s server) kernels() (int, error) {
	response, err := http.Get(s.base() + "/api/kernels?token=" + s.token)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s", response.Status)
	}
	var kernels []any
	err = json.NewDecoder(response.Body).Decode(&kernels)
	return len(kernels), err
}

// leftNothing fails the test when a kernel is there.
func (s server) leftNothing(t *testing.T) {
	t.Helper()
	if n, err := s.kernels(); n != 0 || err != nil {
		t.Errorf("%d kernels are left (%v)", n, err)
	}
}
