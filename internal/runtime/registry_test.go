package runtime

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"colabtray/test/bed"
)

// testRegistry is a real image registry on this machine, which can be made to
// hold back the layers of images.
type testRegistry struct {
	address string
	mu      sync.Mutex
	held    chan struct{} // while not nil, layers wait for it to be closed
	guard   *guard        // while not nil, asks who comes
}

// guard asks for credentials in the manner of Docker Hub.
type guard struct {
	user, password, identity string
	anonymous                bool // who has none may come in too
}

func newRegistry(t *testing.T) *testRegistry {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &testRegistry{address: listener.Addr().String()}
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !r.admits(w, q) {
			return
		}
		if q.Method == http.MethodGet && strings.Contains(q.URL.Path, "/blobs/") {
			r.wait(q.Context())
		}
		images.ServeHTTP(w, q)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// admits reports whether a request may go on to the images; if not it has been
// answered (https://distribution.github.io/distribution/spec/auth/token/).
func (r *testRegistry) admits(w http.ResponseWriter, q *http.Request) bool {
	r.mu.Lock()
	g := r.guard
	r.mu.Unlock()
	const token = "let-me-in"
	switch {
	case g == nil:
		return true
	case q.URL.Path == "/token":
		user, password, named := q.BasicAuth()
		if named && user == g.user && password == g.password || !named && g.anonymous ||
			g.identity != "" && q.PostFormValue("refresh_token") == g.identity {
			fmt.Fprintf(w, `{"token": %[1]q, "access_token": %[1]q}`, token)
			return false
		}
		http.Error(w, `{"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}`, http.StatusUnauthorized)
	case q.Header.Get("Authorization") == "Bearer "+token:
		return true
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.address))
		http.Error(w, `{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}`, http.StatusUnauthorized)
	}
	return false
}

// ask makes the registry ask who comes from now on.
func (r *testRegistry) ask(g guard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.guard = &g
}

func (r *testRegistry) wait(ctx context.Context) {
	r.mu.Lock()
	held := r.held
	r.mu.Unlock()
	if held == nil {
		return
	}
	select {
	case <-held:
	case <-ctx.Done():
	}
}

// hold makes layers wait from now on, until the function it returns is called.
func (r *testRegistry) hold() (release func()) {
	held := make(chan struct{})
	r.mu.Lock()
	r.held = held
	r.mu.Unlock()
	return sync.OnceFunc(func() {
		r.mu.Lock()
		r.held = nil
		r.mu.Unlock()
		close(held)
	})
}

// push makes an image of one layer of that size, in bytes, puts it into the
// registry and nowhere else, and returns its reference.
func (r *testRegistry) push(t *testing.T, name string, size int) string {
	t.Helper()
	noise := make([]byte, size)
	_, _ = rand.Read(noise)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err := errors.Join(w.WriteHeader(&tar.Header{Name: "noise", Mode: 0o644, Size: int64(size)}))
	_, writeErr := w.Write(noise)
	if err := errors.Join(err, writeErr, w.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "layer.tar")
	if err := os.WriteFile(file, layer.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	ref := fmt.Sprintf("%s/test/%s:1", r.address, name)
	bed.Docker(t, "import", "--change", `CMD ["/noise"]`, file, ref)
	t.Cleanup(func() { _ = exec.Command("docker", "-H", bed.Engine(t), "rmi", ref).Run() })
	bed.Docker(t, "push", ref)
	bed.Docker(t, "rmi", ref)
	return ref
}

func TestPullTellsProgress(t *testing.T) {
	ref := newRegistry(t).push(t, "progress", 3<<20)
	docker, err := NewDocker(bed.Engine(t))
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	var seen []Progress
	if err := docker.Pull(t.Context(), ref, "", func(p Progress) { seen = append(seen, p) }); err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 {
		t.Fatal("no progress was told")
	}
	last := seen[len(seen)-1]
	if last.Layers != 1 || last.LayersDone != 1 || last.Bytes != last.Total || last.Total < 3<<20 {
		t.Errorf("at the end the progress was %+v", last)
	}
	for i := 1; i < len(seen); i++ {
		if seen[i].Bytes < seen[i-1].Bytes {
			t.Errorf("the pull went backwards from %+v to %+v", seen[i-1], seen[i])
		}
	}
	if id, err := docker.ImageID(t.Context(), ref, ""); id == "" || err != nil {
		t.Errorf("after the pull the image is %q, %v", id, err)
	}
}

func TestStopCancelsPull(t *testing.T) {
	reg := newRegistry(t)
	ref := reg.push(t, "held", 1<<20)
	r := newRig(t, ref).open()
	release := reg.hold()
	defer release()
	started := make(chan error, 1)
	go func() { started <- r.Start(t.Context()) }()
	r.untilState(Pulling)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.problem(<-started, CodeCancelled)
	if s := r.Snapshot(); s.State != Absent {
		t.Errorf("after the cancelled pull the state is %s, problem %v", s.State, s.Problem)
	}
	r.nothingMade()
}

func TestImageThatDoesNotExist(t *testing.T) {
	reg := newRegistry(t)
	r := newRig(t, reg.address+"/test/missing:1").open()
	p := r.problem(r.Start(t.Context()), CodeImageNotFound)
	if !strings.Contains(p.Short, "test/missing:1") || p.Command == "" {
		t.Errorf("the problem is %q, command %q", p.Short, p.Command)
	}
	if s := r.Snapshot(); s.State != Failed {
		t.Errorf("the state is %s", s.State)
	}
	r.nothingMade()
}

func TestRegistryThatCannotBeReached(t *testing.T) {
	r := newRig(t, fmt.Sprintf("127.0.0.1:%d/test/none:1", bed.FreePort(t))).open()
	r.problem(r.Start(t.Context()), CodePullFailed)
	r.nothingMade()
}
