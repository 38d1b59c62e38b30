package kubernetes

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/enginetest"
	"colabtray/internal/problem"
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

// TestGPU: a container waits for a GPU that others have, and runs once they give it back.
// One that a quota forbids does not wait. One that takes too much memory says so.
func TestGPU(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	image := cluster.Image(t, testenv.Server2)
	container := func(who string, gpus int, script string, memory int64) (*Engine, string) {
		t.Helper()
		e := open(t, who)
		if kept, err := e.Image(t.Context(), image, ""); err != nil || kept.ID == "" {
			must(t, errors.Join(err, e.Pull(t.Context(), image, "", func(engine.Progress) {})))
		}
		name := cluster.RuntimeName(t, who)
		made, err := e.Create(t.Context(), engine.Spec{
			Name: name, Image: image, Entrypoint: []string{"sh"}, Cmd: []string{"-c", script}, InnerPort: 8888,
			GPU: config.GPU{Count: gpus}, Memory: memory, Labels: map[string]string{engine.LabelRuntime: name},
		})
		must(t, err)
		return e, made.ID
	}
	until := func(e *Engine, id string, is func(engine.Container) bool) engine.Container {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		look := func() {
			if c, err := e.Inspect(ctx, id); err == nil && is(c) {
				cancel()
			}
		}
		name, _ := nameOf(id)
		_ = e.Watch(ctx, []string{name}, look, func(engine.Event) { look() })
		c, err := e.Inspect(t.Context(), id)
		if err != nil || !is(c) {
			t.Fatalf("it is %+v, waiting %+v, %v", c, c.Waiting, err)
		}
		return c
	}
	runs := func(c engine.Container) bool { return c.Running && c.Waiting == nil }

	ada, first := container("ada", 2, enginetest.Lives, 0)
	must(t, ada.Start(t.Context(), first))
	until(ada, first, runs)
	_, more := container("ada", 1, enginetest.Lives, 0)
	var p *problem.Problem
	if err := ada.Start(t.Context(), more); !errors.As(err, &p) || p.Code != problem.ClusterQuota {
		t.Errorf("beyond the quota: %v", err)
	}
	bob, second := container("bob", 1, enginetest.Lives, 0)
	must(t, bob.Start(t.Context(), second))
	until(bob, second, func(c engine.Container) bool {
		return c.Running && c.Waiting != nil && c.Waiting.For == engine.WaitingForGPU && !c.Waiting.Since.IsZero()
	})
	must(t, ada.Stop(t.Context(), first, time.Second))
	until(bob, second, runs)
	must(t, bob.Stop(t.Context(), second, time.Second))

	_, hungry := container("bob", 0, "tail /dev/zero", 64<<20)
	must(t, bob.Start(t.Context(), hungry))
	if c := until(bob, hungry, func(c engine.Container) bool { return !c.Running }); !c.OOMKilled || c.ExitCode != killed {
		t.Errorf("it ended as %+v", c)
	}
}
