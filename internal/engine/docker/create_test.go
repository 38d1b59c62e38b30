package docker

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// TestNoMoreThanAskedFor: a runtime's container gets ports of this computer alone, the
// volume, the folders of the profile, and nothing else of the host.
func TestNoMoreThanAskedFor(t *testing.T) {
	folder := config.Folder{Host: "/srv/data", Path: "/home/jovyan/data", ReadOnly: true}
	_, host := dockerSpec(engine.Spec{
		Name: "r", Image: "image", InnerPort: 8888, Port: 9000, Publish: []config.PublishedPort{{Host: 6006, Container: 6006}},
		Volume: "r-data", DataDir: "/home/jovyan", Folders: []config.Folder{folder}, Memory: 1 << 30, CPUs: 2, ShmSize: 1 << 20,
	}, nil)
	for port, bindings := range host.PortBindings {
		for _, b := range bindings {
			if b.HostIP != "127.0.0.1" {
				t.Errorf("port %s is published at %q", port, b.HostIP)
			}
		}
	}
	rest := container.HostConfig{
		PortBindings: host.PortBindings,
		Mounts: []mount.Mount{
			{Type: mount.TypeVolume, Source: "r-data", Target: "/home/jovyan"},
			{Type: mount.TypeBind, Source: "/srv/data", Target: "/home/jovyan/data", ReadOnly: true},
		},
		ShmSize:   1 << 20,
		Resources: container.Resources{Memory: 1 << 30, NanoCPUs: 2e9},
	}
	if len(host.PortBindings) != 2 || !reflect.DeepEqual(*host, rest) {
		t.Errorf("the container gets %+v", *host)
	}
}

// TestHelpersHaveNoNetwork: what works on the data gets the volume alone.
func TestHelpersHaveNoNetwork(t *testing.T) {
	var asked container.HostConfig
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) == "create" {
			body, err := io.ReadAll(r.Body)
			var create struct{ HostConfig *container.HostConfig }
			create.HostConfig = &asked
			if err != nil || json.Unmarshal(body, &create) != nil {
				t.Errorf("the engine is asked for %s, %v", body, err)
			}
		}
		w.Header().Set("Api-Version", "1.41")
		_, _ = io.WriteString(w, `{"Id": "1"}`)
	}))
	defer server.Close()
	d, err := New("tcp://" + strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.CreateHelper(t.Context(), engine.HelperSpec{Runtime: "r", Image: "image", Cmd: []string{"true"}, Volume: "r-data", Path: engine.HelperDataDir}); err != nil {
		t.Fatal(err)
	}
	want := container.HostConfig{
		NetworkMode: "none",
		LogConfig:   container.LogConfig{Type: "json-file"},
		Mounts: []mount.Mount{{
			Type: mount.TypeVolume, Source: "r-data", Target: engine.HelperDataDir, VolumeOptions: &mount.VolumeOptions{NoCopy: true},
		}},
	}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("the helper gets %+v, not %+v", asked, want)
	}
}
