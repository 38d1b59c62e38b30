package runtime

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// publicAddress returns an address of this machine that engines take for one elsewhere:
// at a loopback address they let a registry do without TLS.
func publicAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n, is := a.(*net.IPNet); is && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	testenv.Need(t, "a network address", false)
	return ""
}

// TestPullSaysWhatTheEngineSays: whatever a pull fails with, the person reads the
// engine's own words, which are those that the docker command has, and what they
// mean where that is known.
func TestPullSaysWhatTheEngineSays(t *testing.T) {
	realEngine(t)
	page := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(code)
			_, _ = w.Write([]byte("<!DOCTYPE html><html><body>Please sign in" + strings.Repeat(" here", 500) + "</body></html>"))
		}
	}
	for name, c := range map[string]struct {
		registry http.Handler
		tls      bool
		code     problem.Code
		means    string // in the hint, before the engine's words
	}{
		"a certificate of the company": {http.NotFoundHandler(), true, problem.PullFailed, "has to trust the company's certificate"},
		"503": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		}), false, problem.PullFailed, ""},
		"a sign-in page":                  {page(http.StatusOK), false, problem.PullFailed, "a web page answered"},
		"a page that says that it is not": {page(http.StatusForbidden), false, "", ""},
		"nobody knows the image":          {http.NotFoundHandler(), false, problem.ImageNotFound, "Check the spelling"},
		"nobody is there":                 {nil, false, problem.PullFailed, "Check the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := net.JoinHostPort("127.0.0.1", "1")
			if c.registry != nil {
				on := "127.0.0.1:0"
				if c.tls {
					on = publicAddress(t) + ":0"
				}
				server := httptest.NewUnstartedServer(c.registry)
				server.Listener.Close()
				server.Listener = testenv.Listen(t, "tcp", on)
				server.Config.ErrorLog = log.New(io.Discard, "", 0)
				if c.tls {
					own, _ := testenv.Certificate(t, t.TempDir())
					server.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
					server.StartTLS()
				} else {
					server.Start()
				}
				t.Cleanup(server.Close)
				address = server.Listener.Addr().String()
			}
			for which, at := range sites {
				t.Run(which, func(t *testing.T) {
					t.Parallel()
					e := newRigOf(t, at(t), address+"/test/image:1")
					d, err := docker.New(e.host)
					if err != nil {
						t.Fatal(err)
					}
					defer d.Close()
					if _, err := d.Connect(t.Context()); err != nil {
						t.Fatal(err)
					}
					command := exec.Command("docker", "-H", e.host, "pull", e.profile.Image)
					command.Env = append(os.Environ(), "DOCKER_CONFIG="+t.TempDir())
					message, _ := command.CombinedOutput()
					theirs := strings.TrimSpace(string(message))
					if _, after, found := strings.Cut(theirs, engine.DaemonPrefix); found {
						theirs = after
					}
					theirs = strings.Join(strings.Fields(theirs[strings.LastIndex(theirs, "\n")+1:]), " ")
					p := engine.OperationProblem(e.profile, d.Which(), d.Pull(t.Context(), e.profile.Image, "", func(engine.Progress) {}))
					if c.code != "" && p.Code != c.code || !strings.Contains(p.Hint, c.means) || len(p.Hint) > 1200 {
						t.Errorf("the problem is %s: %+v", p.Code, p)
					}
					if len(theirs) > 200 {
						theirs = theirs[:200]
					}
					if theirs == "" || !strings.Contains(p.Hint, theirs) {
						t.Errorf("docker says:\n%s\nthe hint is:\n%s", theirs, p.Hint)
					}
				})
			}
		})
	}
}

// TestUpdateOfLocalImage: an image that was made here cannot be pulled. Update
// says so, and takes it when it was made anew.
func TestUpdateOfLocalImage(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		first, second := r.profile.Image, r.image(t, testenv.Notebook6)
		if r.podman == nil {
			second = r.image(t, testenv.Server2)
		}
		r.profile.Image = "localhost/" + r.profile.Runtime + ":1"
		// makeImage makes an image of that name, with an ID of its own. Podman tells any
		// name of an image that a container is of, so that another name of an image of
		// the test environment would be seen by the tests beside this one.
		makeImage := func(from string) (id string) {
			t.Helper()
			other := r.runtimeName(t)
			r.docker("create", "--name", other, from)
			_, err := r.client(t).ContainerCommit(t.Context(), other, container.CommitOptions{
				Reference: r.profile.Image, Config: &container.Config{}, // Podman wants one
			})
			if err != nil {
				t.Fatal(err)
			}
			r.docker("rm", other)
			return r.docker("image", "inspect", "--format", "{{.Id}}", r.profile.Image)
		}
		makeImage(first)
		t.Cleanup(func() { r.docker("rmi", "--force", r.profile.Image) })
		r.Open()
		r.mustStart()
		before := r.id()
		p := r.Problem(r.Update(t.Context()), problem.PullFailed)
		if !strings.Contains(p.Short, "is local and cannot be pulled") || strings.Contains(p.Hint, "internet") {
			t.Errorf("the problem is %+v", p)
		}
		if r.id() != before {
			t.Error("nothing was new, and the container is another")
		}
		r.mustServe(r.untilState(Ready).URL)
		// The image is made anew. Podman moves a name to what was just made alone.
		second = makeImage(second)
		r.mustServe(r.must(r.Update).URL)
		made := strings.TrimPrefix(r.docker("inspect", "--format", "{{.Image}}", r.profile.Runtime), "sha256:")
		if r.id() == before || made != strings.TrimPrefix(second, "sha256:") {
			t.Errorf("after the update it is of %s", made)
		}
	})
}
