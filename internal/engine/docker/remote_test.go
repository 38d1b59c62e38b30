package docker

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/test/testenv"
)

// TestRemoteDigest has what an engine answers on behalf of a registry.
func TestRemoteDigest(t *testing.T) {
	good := "sha256:" + strings.Repeat("0a", 32)
	answer := func(digest string) string { return fmt.Sprintf(`{"Descriptor": {"digest": %q}}`, digest) }
	for name, c := range map[string]struct {
		status int // 0 for 200
		body   string
		login  bool // the same to who has credentials, and a refusal to others
		want   string
		err    error // nil and no want for any error
	}{
		"a digest":             {body: answer(good), want: good},
		"a digest after login": {body: answer(good), login: true, want: good},
		"not found":            {status: 404, body: `{"message": "manifest unknown"}`, err: engine.ErrImageNotFound},
		"refused with login":   {status: 403, body: `{"message": "denied"}`, login: true, err: engine.ErrImageNotFound},
		"no network":           {status: 500, body: `{"message": "Get \"https://example.org/v2/\": dial tcp: no such host"}`, err: engine.ErrNetwork},
		"too many requests":    {status: 429, body: `{"message": "toomanyrequests: too many requests"}`, err: engine.ErrNetwork},
		"no digest":            {body: `{}`},
		"a text as digest":     {body: answer("sha256:<b>" + strings.Repeat("a", 1<<16))},
		"another algorithm":    {body: answer("md5:d41d8cd98f00b204e9800998ecf8427e")},
		"not JSON":             {body: "\x1b[31m"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Api-Version", "1.44")
				switch {
				case strings.HasSuffix(q.URL.Path, "/_ping"):
				case !strings.HasSuffix(q.URL.Path, "/distribution/example.org/image:1/json"):
					t.Errorf("asked for %s", q.URL)
				case c.login && q.Header.Get("X-Registry-Auth") == "":
					w.WriteHeader(http.StatusUnauthorized)
					fmt.Fprint(w, `{"message": "unauthorized"}`)
				default:
					w.WriteHeader(cmp.Or(c.status, http.StatusOK))
					fmt.Fprint(w, c.body)
				}
			}))
			defer server.Close()
			config := filepath.Join(testenv.DockerHome(t), ".docker", "config.json")
			text := `{"auths": {"example.org": {"username": "me", "password": "secret"}}}`
			if err := errors.Join(os.MkdirAll(filepath.Dir(config), 0o700), os.WriteFile(config, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
			docker, err := New("tcp://" + server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer docker.Close()
			digest, err := docker.RemoteDigest(t.Context(), "example.org/image:1")
			if digest != c.want || (err == nil) != (c.want != "") || c.err != nil && !errors.Is(err, c.err) {
				t.Errorf("got %q, %v", digest, err)
			}
		})
	}
}

// TestPodmanTellsNoRemoteDigest: its service does not answer that request.
func TestPodmanTellsNoRemoteDigest(t *testing.T) {
	docker, err := New("unix:///nowhere/podman.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer docker.Close()
	docker.podman.Store(true)
	if _, err := docker.RemoteDigest(t.Context(), "example.org/image:1"); !errors.Is(err, engine.ErrLacks) {
		t.Errorf("got %v", err)
	}
}
