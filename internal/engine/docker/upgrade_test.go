package docker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestEngineOfAnotherVersion: an engine that comes back upgraded, or as an older one, is
// asked in its own version of the API.
func TestEngineOfAnotherVersion(t *testing.T) {
	var speaks atomic.Value // the newest version of the API
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api := speaks.Load().(string)
		w.Header().Set("Api-Version", api)
		w.Header().Set("Builder-Version", "2")
		version, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
		switch {
		case r.URL.Path == "/_ping":
		case version != api:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"message":"client version %s is not %s"}`, version, api)
		case path == "version":
			fmt.Fprintf(w, `{"Version":"engine of %s","Arch":"amd64"}`, api)
		case path == "info":
			fmt.Fprint(w, `{}`)
		default:
			fmt.Fprint(w, `{"Id":"1","State":{"Running":true},"Config":{}}`)
		}
	}))
	t.Cleanup(server.Close)
	speaks.Store("1.41")
	e, err := New(strings.Replace(server.URL, "http", "tcp", 1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	for _, api := range []string{"1.41", "1.45", "1.40"} {
		speaks.Store(api)
		info, err := e.Connect(t.Context())
		if err != nil || info.API != api || info.Version != "engine of "+api {
			t.Errorf("the engine of %s is %+v, %v", api, info, err)
		}
		if c, err := e.Inspect(t.Context(), "r"); err != nil || !c.Running {
			t.Errorf("asked in %s, it has %+v, %v", api, c, err)
		}
	}
}
