package testenv

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
	"path"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// testRegistry is a real image registry on this machine. It can delay and break off the
// layers of images, and require a login.
type testRegistry struct {
	Address string
	mu      sync.Mutex
	held    chan struct{} // if not nil, layers wait until it is closed
	guard   *Guard        // if not nil, the registry requires a login
	cutOff  string        // the digest of the layer that breaks off in the middle
	cuts    int           // how many more times it does so
	served  []string      // the requested blobs in order, each with its range
}

// Guard are the credentials that a registry requires in the way of Docker Hub.
type Guard struct {
	User, Password, Identity string
	Anonymous                bool // access without credentials is allowed, too
}

func NewRegistry(t *testing.T) *testRegistry {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &testRegistry{Address: listener.Addr().String()}
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
		// Errors of a registry are JSON, and Docker reads them only where this says so.
		w.Header().Set("Content-Type", "application/json")
		images.ServeHTTP(w, q)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return r
}

// admits reports whether a request is authorized; if not, it has sent the response
// (https://distribution.github.io/distribution/spec/auth/token/).
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
		if named && user == g.User && password == g.Password || !named && g.Anonymous ||
			g.Identity != "" && q.PostFormValue("refresh_token") == g.Identity {
			fmt.Fprintf(w, `{"token": %[1]q, "access_token": %[1]q}`, token)
			return false
		}
		http.Error(w, `{"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]}`, http.StatusUnauthorized)
	case q.Header.Get("Authorization") == "Bearer "+token:
		return true
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Address))
		http.Error(w, `{"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}`, http.StatusUnauthorized)
	}
	return false
}

// RequireLogin makes the registry require these credentials from now on.
func (r *testRegistry) RequireLogin(g Guard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.guard = &g
}

// serveBlob sends a blob, or the requested range of it. The library's registry does not
// support ranges.
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
		w = &shortWriter{ResponseWriter: w, remaining: CutAfter}
	}
	whole := q.Clone(q.Context())
	whole.Header.Del("Range")
	answer := httptest.NewRecorder()
	images.ServeHTTP(answer, whole)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, q, "", time.Time{}, bytes.NewReader(answer.Body.Bytes()))
}

// CutAfter is the number of bytes of a layer that are sent before the layer breaks off.
const CutAfter = 10 << 10

// Cut makes a layer break off the next times that it is requested. It returns the blobs
// that were requested since the last call.
func (r *testRegistry) Cut(digest string, times int) (served []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	served, r.served, r.cutOff, r.cuts = r.served, nil, digest, times
	return served
}

// shortWriter ends the connection after remaining bytes of the body.
type shortWriter struct {
	http.ResponseWriter
	remaining int
}

func (s *shortWriter) Write(p []byte) (int, error) {
	if len(p) > s.remaining {
		_, _ = s.ResponseWriter.Write(p[:s.remaining])
		_ = http.NewResponseController(s.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	s.remaining -= len(p)
	return s.ResponseWriter.Write(p)
}

// PushLayers puts an image into the registry, with layers of size bytes each. It returns
// the reference of the image and the digests of the layers.
func (r *testRegistry) PushLayers(t *testing.T, name string, size, layers int) (string, []string) {
	t.Helper()
	put := func(method, where, kind string, content []byte) {
		q, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.Address+"/v2/test/"+name+where, bytes.NewReader(content))
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
	return fmt.Sprintf("%s/test/%s:1", r.Address, name), digests
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

// Block delays layers from now on, until the caller calls release.
func (r *testRegistry) Block() (release func()) {
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

// PublishedImage starts a registry, and returns the references of an image in it and of
// one that it does not have.
func PublishedImage(t *testing.T) (published, missing string) {
	r := NewRegistry(t)
	published, _ = r.PushLayers(t, "published", 1<<20, 2)
	return published, r.Address + "/test/missing:1"
}
