package docker

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"colabtray/test/testenv"
)

// TestAwait: what says where an engine is, is noticed when it comes: a socket, one
// that a link leads to, and the docker configuration.
func TestAwait(t *testing.T) {
	home := testenv.DockerHome(t)
	for _, dir := range []string{"run", "desktop", ".docker"} {
		if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	linked := filepath.Join(home, "linked.sock")
	if err := os.Symlink(filepath.Join(home, "desktop", "docker.sock"), linked); err != nil {
		t.Fatal(err)
	}
	socket := func(path string) func() error {
		return func() error {
			on, err := net.Listen("unix", filepath.Join(home, path))
			if err == nil {
				t.Cleanup(func() { _ = on.Close() })
			}
			return err
		}
	}
	for name, c := range map[string]struct {
		host string
		does func() error
	}{
		"a socket that is given":    {"unix://" + home + "/given.sock", socket("given.sock")},
		"a socket of another place": {"", socket("run/docker.sock")},
		"where a link leads":        {"unix://" + linked, socket("desktop/docker.sock")},
		"the docker configuration": {"", func() error {
			return os.WriteFile(filepath.Join(home, ".docker", "config.json"), []byte("{}"), 0o600)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(c.host)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			noticed := make(chan struct{})
			watches := make(chan struct{})
			go func() {
				d.await(ctx, func() { close(watches) })
				close(noticed)
			}()
			<-watches
			if err := errors.Join(os.WriteFile(filepath.Join(home, "run", "other"), nil, 0o600), c.does()); err != nil {
				t.Fatal(err)
			}
			<-noticed
			if ctx.Err() != nil {
				t.Error("it was not noticed")
			}
		})
	}
}
