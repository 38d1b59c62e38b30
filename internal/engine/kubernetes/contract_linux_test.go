package kubernetes

import (
	"log/slog"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/enginetest"
	"colabtray/test/testenv"
)

// TestContract holds that a real cluster behaves as the program relies on, for a person
// with no rights but those that the program needs.
func TestContract(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	image := cluster.Image(t, testenv.Server2)
	e := open(t, "ada")
	if err := e.Pull(t.Context(), image, "", func(engine.Progress) {}); err != nil {
		t.Fatal(err)
	}
	published, missing := cluster.PublishedImage(t, testenv.FakeJupyter)
	t.Cleanup(func() {
		cluster.Kubectl(t, "--namespace="+cluster.Namespace("ada"), "delete", "configmap", "--ignore-not-found", imageName(published, ""))
	})
	enginetest.Run(t, func(t *testing.T) enginetest.Site {
		return enginetest.Site{
			Engine: open(t, "ada"), Image: image, Published: published, Missing: missing,
			Name: func(t *testing.T) string { return cluster.RuntimeName(t, "ada") },
			Port: func(t *testing.T) int { return testenv.FreePort(t) },
		}
	})
}

// open opens the namespace of a person.
func open(t *testing.T, who string) *Engine {
	t.Helper()
	e := Open("kubernetes://"+who, slog.New(slog.DiscardHandler))
	e.dir = t.TempDir()
	t.Cleanup(func() { _ = e.Close() })
	if _, err := e.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}
