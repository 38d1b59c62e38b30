package desktop

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"colabtray/assets"
	"colabtray/internal/colab"
	"colabtray/test/testenv"
)

// Where the settings say so, the tray starts the runtime once Colab's page connects, and
// tells that it has. A page that polls starts nothing.
func TestColabWakesTheRuntime(t *testing.T) {
	t.Parallel()
	const token = "0123456789abcdef"
	env, name, port := settings(t, testenv.Image(t, testenv.FakeJupyter))
	p := &user{Session: Start(t, Options{}), t: t, env: env, name: name, port: port}
	file := filepath.Join(p.dir, "home/.config/colab-tray/config.toml")
	p.must(os.MkdirAll(filepath.Dir(file), 0o700))
	p.must(os.WriteFile(file, []byte("[profiles.jupyter]\ntoken = 'keep'\nwake = true\ncommand = ['start-notebook.sh', '--ServerApp.token="+token+"']\n"), 0o600))
	var err error
	p.program, err = p.Launch(p.env, executable)
	p.must(err)
	_, err = p.Registered(t.Context(), p.program.Pid())
	p.must(err)
	p.clicksIcon(assets.Stopped)
	p.must(p.Note(t.Context(), "The runtime is ready"))
	p.seesIcon(assets.Ready)
	p.chooses(assets.Ready, "Stop")
	p.seesIcon(assets.Stopped)

	ask := func(path string, want int) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://localhost:%d%s?token=%s", port, path, token), nil)
		p.must(err)
		request.Header.Set("Origin", colab.Origin)
		transport := &http.Transport{DisableKeepAlives: true}
		response, err := transport.RoundTrip(request)
		p.must(err)
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s was answered with %d, not %d", path, response.StatusCode, want)
		}
	}
	ask("/api/kernels", http.StatusServiceUnavailable)
	p.seesIcon(assets.Stopped)
	ask("/api/colab/build-info", http.StatusNotFound) // by the stand-in for Jupyter, which does not have it
	p.must(p.Note(t.Context(), "Colab has started the runtime"))
	p.seesIcon(assets.Ready)
	ask("/api/kernels", http.StatusOK)
}
