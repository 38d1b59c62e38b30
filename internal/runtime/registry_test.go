package runtime

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

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
	cutOff  string        // the layer of this digest breaks off in the middle ...
	cuts    int           // ... so many times
	served  []string      // the blobs that were asked for, in order, with the range
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
			r.serveBlob(w, q, images)
			return
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

// serveBlob answers with a blob, or with the part of it that is asked for, which
// the library's registry does not do.
func (r *testRegistry) serveBlob(w http.ResponseWriter, q *http.Request, images http.Handler) {
	digest := path.Base(q.URL.Path)
	r.mu.Lock()
	r.served = append(r.served, strings.TrimSpace(digest+" "+q.Header.Get("Range")))
	cuts := digest == r.cutOff && r.cuts > 0
	if cuts {
		r.cuts--
	}
	r.mu.Unlock()
	if cuts {
		w = &shortWriter{ResponseWriter: w, left: cutAfter}
	}
	whole := q.Clone(q.Context())
	whole.Header.Del("Range")
	answer := httptest.NewRecorder()
	images.ServeHTTP(answer, whole)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(answer.Body.Bytes()))
}

// cutAfter is how much of a layer comes before it breaks off, in bytes.
const cutAfter = 10 << 10

// cut makes a layer break off in the middle so many times from now on, and
// returns what was asked for since the last time.
func (r *testRegistry) cut(digest string, times int) (served []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	served, r.served, r.cutOff, r.cuts = r.served, nil, digest, times
	return served
}

// shortWriter ends the connection after some bytes of a body.
type shortWriter struct {
	http.ResponseWriter
	left int
}

func (s *shortWriter) Write(p []byte) (int, error) {
	if len(p) > s.left {
		_, _ = s.ResponseWriter.Write(p[:s.left])
		_ = http.NewResponseController(s.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	s.left -= len(p)
	return s.ResponseWriter.Write(p)
}

// pushLayers puts an image of several layers of that size, in bytes, into the
// registry, and returns its reference and the digests of the layers.
func (r *testRegistry) pushLayers(t *testing.T, name string, size, layers int) (string, []string) {
	t.Helper()
	put := func(method, where, kind string, content []byte) {
		q, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.address+"/v2/test/"+name+where, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", kind)
		q.Close = true
		answer, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		if _ = answer.Body.Close(); answer.StatusCode != http.StatusCreated {
			t.Fatalf("%s %s: %s", method, where, answer.Status)
		}
	}
	type blob struct {
		MediaType string `json:"mediaType"`
		Size      int    `json:"size"`
		Digest    string `json:"digest"`
	}
	push := func(kind string, content []byte) blob {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(content))
		put(http.MethodPost, "/blobs/uploads/?digest="+digest, "application/octet-stream", content)
		return blob{kind, len(content), digest}
	}
	var blobs []blob
	var digests, diffs []string
	for i := range layers {
		var layer, packed bytes.Buffer
		w := tar.NewWriter(&layer)
		noise := make([]byte, size)
		_, _ = rand.Read(noise)
		_ = w.WriteHeader(&tar.Header{Name: fmt.Sprint("noise", i), Mode: 0o644, Size: int64(size)})
		_, _ = w.Write(noise)
		_ = w.Close()
		z, _ := gzip.NewWriterLevel(&packed, gzip.NoCompression) // noise does not get smaller
		_, _ = z.Write(layer.Bytes())
		_ = z.Close()
		diffs = append(diffs, fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes())))
		blobs = append(blobs, push("application/vnd.docker.image.rootfs.diff.tar.gzip", packed.Bytes()))
		digests = append(digests, blobs[i].Digest)
	}
	config, _ := json.Marshal(map[string]any{
		"architecture": goruntime.GOARCH, "os": "linux", "config": map[string]any{"Cmd": []string{"/noise0"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
	const kind = "application/vnd.docker.distribution.manifest.v2+json"
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": kind, "layers": blobs,
		"config": push("application/vnd.docker.container.image.v1+json", config),
	})
	put(http.MethodPut, "/manifests/1", kind, manifest)
	return fmt.Sprintf("%s/test/%s:1", r.address, name), digests
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

func TestPullTellsProgress(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		ref, _ := newRegistry(t).pushLayers(t, "progress", 2<<20, 3)
		docker, err := NewDocker(r.host)
		if err != nil {
			t.Fatal(err)
		}
		defer docker.Close()
		if _, err := docker.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		var seen []Progress
		if err := docker.Pull(t.Context(), ref, "", func(p Progress) { seen = append(seen, p) }); err != nil {
			t.Fatal(err)
		}
		defer r.docker("rmi", ref)
		if len(seen) == 0 {
			t.Fatal("no progress was told")
		}
		last := seen[len(seen)-1]
		if last.LayersDone != last.Layers || last.Bytes != last.Total || r.podman == nil && (last.Layers != 3 || last.Total < 6<<20) {
			t.Errorf("at the end the progress was %+v", last)
		}
		for i := 1; i < len(seen); i++ {
			if seen[i].Bytes < seen[i-1].Bytes {
				t.Errorf("the pull went backwards from %+v to %+v", seen[i-1], seen[i])
			}
		}
		if id, err := imageID(t.Context(), docker, ref, ""); id == "" || err != nil {
			t.Errorf("after the pull the image is %q, %v", id, err)
		}
	})
}

func TestStopCancelsPull(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		reg := newRegistry(t)
		r.profile.Image, _ = reg.pushLayers(t, "held", 1<<20, 1)
		r.open()
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
	})
}

func TestImageThatDoesNotExist(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.profile.Image = newRegistry(t).address + "/test/missing:1"
		r.open()
		p := r.problem(r.Start(t.Context()), CodeImageNotFound)
		if !strings.Contains(p.Short, "test/missing:1") || p.Command == "" {
			t.Errorf("the problem is %q, command %q", p.Short, p.Command)
		}
		if s := r.Snapshot(); s.State != Failed {
			t.Errorf("the state is %s", s.State)
		}
		r.nothingMade()
	})
}

func TestRegistryThatCannotBeReached(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.profile.Image = fmt.Sprintf("127.0.0.1:%d/test/none:1", bed.FreePort(t))
		r.open()
		r.problem(r.Start(t.Context()), CodePullFailed)
		r.nothingMade()
	})
}

// TestPullThatBreaksOff loses the connection in the middle of the last layer:
// once, which Docker makes up for, and until the engine gives up. Podman 4.3 does
// that at once, but keeps the layers that it has. So does Docker with the store of
// containerd; its classic store, which the test bed has, drops them.
func TestPullThatBreaksOff(t *testing.T) {
	t.Parallel() // it waits for most of its time
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		private := bed.PrivateEngine(t, bed.WithConfig(`{"max-download-attempts": 2, "max-concurrent-downloads": 1}`))
		pullThatBreaksOff(t, site{host: private.Host()})
	})
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		pullThatBreaksOff(t, onPodman(t))
	})
}

func pullThatBreaksOff(t *testing.T, at site) {
	docker, err := NewDocker(at.host)
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	if _, err := docker.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	reg := newRegistry(t)
	if at.podman == nil {
		ref, layers := reg.pushLayers(t, "once", 1<<20, 3)
		reg.cut(layers[2], 1)
		if err := docker.Pull(t.Context(), ref, "", func(Progress) {}); err != nil {
			t.Errorf("one interruption, and %v", err)
		}
		times := timesOf(reg.cut("", 0))
		rest := fmt.Sprintf("%s bytes=%d-", layers[2], cutAfter)
		if times[layers[0]] != 1 || times[layers[1]] != 1 || times[layers[2]] != 1 || times[rest] != 1 {
			t.Errorf("the layers were asked for so many times: %v", times)
		}
	}

	ref, layers := reg.pushLayers(t, "often", 1<<20, 3)
	r := newRigOf(t, at, ref)
	r.open()
	reg.cut(layers[2], 1000)
	p := r.problem(r.Start(t.Context()), CodePullFailed)
	if !strings.Contains(p.Hint, "start again") {
		t.Errorf("the hint is %q", p.Hint)
	}
	if s := r.Snapshot(); s.State != Failed {
		t.Errorf("the state is %s", s.State)
	}
	reg.cut("", 0)
	// The image has nothing that could be started, so this is as far as it goes.
	r.problem(r.Start(t.Context()), CodeEngineFailed)
	if id, err := imageID(t.Context(), docker, ref, ""); id == "" || err != nil {
		t.Errorf("after another start the image is %q, %v", id, err)
	}
	if at.podman != nil {
		if times := timesOf(reg.cut("", 0)); times[layers[0]]+times[layers[1]] > 0 || times[layers[2]] != 1 {
			t.Errorf("the layers were asked for so many times: %v", times)
		}
	}
}

// timesOf counts how often each was asked for.
func timesOf(served []string) map[string]int {
	times := map[string]int{}
	for _, blob := range served {
		times[blob]++
	}
	return times
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	for engine, at := range map[string]func(*testing.T) site{
		"docker": func(t *testing.T) site { return site{host: bed.PrivateEngine(t, bed.WithDisk(16)).Host()} },
		"podman": func(t *testing.T) site {
			podman := bed.PodmanWithDisk(t, 16)
			return site{host: podman.Host(), podman: podman}
		},
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			ref, _ := newRegistry(t).pushLayers(t, "large", 6<<20, 3)
			r := newRigOf(t, at(t), ref)
			r.open()
			p := r.problem(r.Start(t.Context()), CodeDiskFull)
			if out, err := exec.Command("sh", "-c", p.Command).CombinedOutput(); err != nil || !strings.Contains(string(out), "Images") {
				t.Errorf("%s: %v: %s", p.Command, err, out)
			}
			if left := r.docker("ps", "-aq") + r.docker("volume", "ls", "-q"); left != "" {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}
