package docker

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/docker/docker/client"
)

// TestRemovedMeanwhile answers as Podman 4.3 does of a container that is removed while
// it is asked for.
func TestRemovedMeanwhile(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"cause":"no such container","message":"container 9959190428c0 does not exist in database: no such container","response":500}`))
	}))
	defer server.Close()
	api, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHost("tcp://"+server.Listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	d := &Engine{}
	d.api.Store(api)
	if c, err := d.Inspect(t.Context(), "c"); err != nil || c.Exists || c.Name != "c" {
		t.Errorf("inspected %+v, %v", c, err)
	}
	if err := d.RemoveHelper(t.Context(), "c"); err != nil {
		t.Errorf("removed: %v", err)
	}
}
