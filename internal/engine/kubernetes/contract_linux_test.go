package kubernetes

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

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

// person uses a namespace of a cluster.
type person struct {
	*Engine
	t       *testing.T
	who     string
	cluster *testenv.KubernetesCluster
	image   string
}

// newPerson returns a person whose cluster has the image.
func newPerson(t *testing.T, cluster *testenv.KubernetesCluster, who string) *person {
	t.Helper()
	p := &person{open(t, who), t, who, cluster, cluster.Image(t, testenv.Server2)}
	if kept, err := p.Image(t.Context(), p.image, ""); err != nil || kept.ID == "" {
		must(t, errors.Join(err, p.Pull(t.Context(), p.image, "", func(engine.Progress) {})))
	}
	return p
}

// makes makes a container that runs a script, with what set adds.
func (p *person) makes(script string, set func(*engine.Spec)) (id string) {
	p.t.Helper()
	name := p.cluster.RuntimeName(p.t, p.who)
	spec := engine.Spec{
		Name: name, Image: p.image, Entrypoint: []string{"sh"}, Cmd: []string{"-c", script}, InnerPort: 8888,
		Labels: map[string]string{engine.LabelRuntime: name},
	}
	set(&spec)
	made, err := p.Create(p.t.Context(), spec)
	must(p.t, err)
	return made.ID
}

// until waits until a container is so.
func (p *person) until(id string, is func(engine.Container) bool) engine.Container {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	look := func() {
		if c, err := p.Inspect(ctx, id); err == nil && is(c) {
			cancel()
		}
	}
	name, _ := nameOf(id)
	_ = p.Watch(ctx, []string{name}, look, func(engine.Event) { look() })
	c, err := p.Inspect(p.t.Context(), id)
	if err != nil || !is(c) {
		p.t.Fatalf("it is %+v, waiting %+v, %v", c, c.Waiting, err)
	}
	return c
}

// runs makes and starts a container, and returns it once it runs.
func (p *person) runs(script string, set func(*engine.Spec)) engine.Container {
	p.t.Helper()
	id := p.makes(script, set)
	must(p.t, p.Start(p.t.Context(), id))
	return p.until(id, runs)
}

func runs(c engine.Container) bool { return c.Running && c.Waiting == nil }

// TestGPU: a container waits for a GPU that others have, and runs once they give it back.
// One that a quota forbids does not wait. One that takes too much memory says so.
func TestGPU(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	ada, bob := newPerson(t, cluster, "ada"), newPerson(t, cluster, "bob")
	gpus := func(n int) func(*engine.Spec) { return func(s *engine.Spec) { s.GPU.Count = n } }

	first := ada.runs(enginetest.Lives, gpus(2))
	var p *problem.Problem
	if err := ada.Start(t.Context(), ada.makes(enginetest.Lives, gpus(1))); !errors.As(err, &p) || p.Code != problem.ClusterQuota {
		t.Errorf("beyond the quota: %v", err)
	}
	second := bob.makes(enginetest.Lives, gpus(1))
	must(t, bob.Start(t.Context(), second))
	bob.until(second, func(c engine.Container) bool {
		return c.Running && c.Waiting != nil && c.Waiting.For == engine.WaitingForGPU && !c.Waiting.Since.IsZero()
	})
	must(t, ada.Stop(t.Context(), first.ID, time.Second))
	bob.until(second, runs)
	must(t, bob.Stop(t.Context(), second, time.Second))

	hungry := bob.makes("tail /dev/zero", func(s *engine.Spec) { s.Memory = 64 << 20 })
	must(t, bob.Start(t.Context(), hungry))
	if c := bob.until(hungry, func(c engine.Container) bool { return !c.Running }); !c.OOMKilled || c.ExitCode != killed {
		t.Errorf("it ended as %+v", c)
	}
}
