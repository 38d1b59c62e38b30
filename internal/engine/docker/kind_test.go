package docker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/engine"
)

// TestEngineIsAskedOnce: Podman tells all about itself in one answer, and what is no Podman,
// or does not give that answer, is asked as Docker is.
func TestEngineIsAskedOnce(t *testing.T) {
	const podman = `"Components":[{"Name":"Podman Engine"}],`
	for _, test := range []struct {
		name, builder, libpod, components string
		want                              engine.Info
		asked                             []string
	}{
		{
			"Podman", "", `{"host":{"arch":"arm64","security":{"rootless":true}},"version":{"Version":"4.3.1"}}`, podman,
			engine.Info{Name: "Podman", Version: "4.3.1", Arch: "arm64", Kind: engine.Kind{Podman: true, Rootless: true}, MapsUsers: true},
			[]string{"libpod/info"},
		},
		{
			"Podman of root, with a builder", "2", `{"host":{"arch":"amd64"},"version":{"Version":"9.0.0"}}`, podman,
			engine.Info{Name: "Podman", Version: "20.10", Arch: "amd64", Kind: engine.Kind{Podman: true}},
			[]string{"version", "libpod/info"},
		},
		{
			"Podman that keeps to Docker's API", "", "", podman,
			engine.Info{Name: "Podman", Version: "20.10", Arch: "amd64", Kind: engine.Kind{Podman: true}},
			[]string{"libpod/info", "version", "libpod/info"},
		},
		{
			"Docker", "2", "", "",
			engine.Info{Name: "Docker", Version: "20.10", Arch: "amd64", Kind: engine.Kind{Desktop: true}},
			[]string{"version", "info"},
		},
		{
			"Docker without a builder", "", "", "",
			engine.Info{Name: "Docker", Version: "20.10", Arch: "amd64", Kind: engine.Kind{Desktop: true}},
			[]string{"libpod/info", "version", "info"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Api-Version", "1.41")
				w.Header().Set("Builder-Version", test.builder)
				_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
				if path != "" { // otherwise it is a ping
					asked = append(asked, path)
				}
				switch {
				case path == "version":
					fmt.Fprintf(w, `{%s"Version":"20.10","Arch":"amd64"}`, test.components)
				case path == "info":
					fmt.Fprint(w, `{"OperatingSystem":"Docker Desktop"}`)
				case path == "libpod/info" && test.libpod != "":
					fmt.Fprint(w, test.libpod)
				case path != "":
					w.WriteHeader(http.StatusNotFound)
					fmt.Fprint(w, `{"message":"page not found"}`)
				}
			}))
			t.Cleanup(server.Close)
			e, err := New(strings.Replace(server.URL, "http", "tcp", 1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = e.Close() })
			got, err := e.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(asked, test.asked) {
				t.Errorf("it was asked for %q, want %q", asked, test.asked)
			}
			got = engine.Info{Name: got.Name, Version: got.Version, Arch: got.Arch, Kind: got.Kind, MapsUsers: got.MapsUsers}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
