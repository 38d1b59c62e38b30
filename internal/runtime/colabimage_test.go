package runtime

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// newColabRig makes a runtime of the stand-in for Google's image.
func newColabRig(t *testing.T, at site) *rig {
	r := newRig(t, at, testenv.Colab)
	r.profile.Kind = config.KindColab
	return r
}

func TestColabImage(t *testing.T) {
	eachSite(t, func(t *testing.T, at site) {
		r := newColabRig(t, at).Open()
		s := r.mustStart()
		r.mustServe(s.URL)

		// What others take as signs of readiness is not there.
		if status := r.get("/"); status != http.StatusNotFound {
			t.Errorf("/ was answered with %d", status)
		}
		if printed := r.printed(); printed != "http://127.0.0.1:9000/?token="+s.URL.Token().Reveal() {
			t.Errorf("the image no longer prints its inner port and the token: %d bytes", len(printed))
		}
		if s.URL.Port() != r.profile.Port || !strings.HasPrefix(s.URL.Reveal(), fmt.Sprintf("http://localhost:%d/?token=", r.profile.Port)) {
			t.Errorf("the Backend URL is %v", s.URL)
		}

		name := r.profile.Runtime
		got := r.docker("inspect", "--format", `{{.Config.Hostname}} {{range $p, $b := .HostConfig.PortBindings}}{{range $b}}{{$p}}={{.HostIp}}:{{.HostPort}} {{end}}{{end}}{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}}{{end}} {{json .Config.Cmd}}`, name)
		want := fmt.Sprintf(`%s 8080/tcp=127.0.0.1:%d volume %s-data /content ["python3","/opt/standin/front.py"]`, name, r.profile.Port, name)
		if got != want {
			t.Errorf("the container is\n%s\nwant\n%s", got, want)
		}

		r.passesTheCheck(s)
		r.nothingOfOurs()
		r.must(r.Repair)
		r.nothingOfOurs()
	})
}

// passesTheCheck fails the test unless Colab can connect.
func (r *rig) passesTheCheck(s Snapshot) {
	r.t.Helper()
	report := colab.Check(r.t.Context(), colab.Target{
		Profile: r.profile, Engine: "Docker", Port: s.URL.Port(), Token: s.URL.Token(), Browser: "firefox",
	}, nil)
	if !report.OK {
		r.t.Errorf("\n%s", report.Text())
	}
}

// nothingOfOurs fails the test when files were put into the container.
func (r *rig) nothingOfOurs() {
	r.t.Helper()
	for line := range strings.Lines(r.docker("diff", r.profile.Runtime)) {
		if strings.Contains(line, "/opt") || strings.Contains(line, "/usr/local/etc") {
			r.t.Errorf("changed in the container: %s", line)
		}
	}
}

func TestColabImageKeepsData(t *testing.T) {
	realEngine(t)
	r := newColabRig(t, onDocker(t)).Open()
	first := r.mustStart()
	id := r.id()
	r.docker("exec", r.profile.Runtime, "sh", "-c", "echo kept > /content/work.ipynb")
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := r.mustStart()
	third := r.must(r.Restart)
	r.mustServe(third.URL)
	if first.URLChanged || !second.URLChanged || !third.URLChanged || second.URL == first.URL || third.URL == second.URL {
		t.Errorf("each start has a new token, and says so from the second on: changed is %v, %v, %v",
			first.URLChanged, second.URLChanged, third.URLChanged)
	}

	r.docker("restart", r.profile.Runtime) // by somebody else
	fourth := r.until("another URL", func(s Snapshot) bool { return s.State == Ready && s.URL != third.URL })
	if r.mustServe(fourth.URL); !fourth.URLChanged {
		t.Error("a restart by somebody else changed the token unnoticed")
	}
	if r.id() != id {
		t.Error("another container was made")
	}
	if text := r.docker("exec", r.profile.Runtime, "cat", "/content/work.ipynb", "/content/sample_data/README.md"); text != "kept\nmade by the image" {
		t.Errorf("the files have become %q", text)
	}
}

// TestColabImageOnARM has an engine on another processor, which there is none
// of here.
func TestColabImageOnARM(t *testing.T) {
	t.Parallel()
	r := newColabRig(t, onDocker(t))
	docker, err := docker.New(r.host)
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	d := &data.Store{Options: data.Options{Engine: docker, Info: docker.Which, Profile: r.profile, Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}}
	o := &operation{engine: docker, info: engine.Info{Arch: "arm64"}, profile: r.profile, server: r.server, openGate: noGate, data: d, progress: func(engine.Progress) {}, pulled: func() {}}
	for _, v := range []verb{start, restart, repair} {
		p := r.Problem(o.Run(t.Context(), v), problem.UnsupportedPlatform)
		if !strings.Contains(p.Hint, "ARM") || !strings.Contains(p.Hint, "profile jupyter") {
			t.Errorf("the hint is %q", p.Hint)
		}
	}
	if got := r.docker("ps", "--all", "--quiet", "--filter", "name="+r.profile.Runtime); got != "" {
		t.Errorf("a container was made: %s", got)
	}
	if got := strings.Fields(r.docker("volume", "ls", "--quiet")); slices.Contains(got, r.profile.Volume()) {
		t.Error("a volume was made")
	}
}

// get asks the published port without a token, and returns the status.
func (r *rig) get(path string) int {
	r.t.Helper()
	response, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", r.profile.Port, path))
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	http.DefaultClient.CloseIdleConnections()
	return response.StatusCode
}

// printed returns what the container printed to its standard output.
func (r *rig) printed() string {
	r.t.Helper()
	return r.docker("logs", r.profile.Runtime)
}
