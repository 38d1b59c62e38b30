package docker_test

import (
	"testing"

	"colabtray/internal/engine/docker"
	"colabtray/internal/engine/enginetest"
	"colabtray/test/testenv"
)

// TestContract holds that Docker and Podman behave as the program relies on.
func TestContract(t *testing.T) {
	testenv.Takes(t, "it runs containers on real engines")
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		contract(t, testenv.Engine(t), testenv.Image(t, testenv.Server2), testenv.RuntimeName)
	})
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		podman := testenv.Podman(t)
		contract(t, podman.Host(), podman.Image(t, testenv.Server2), podman.RuntimeName)
	})
}

func contract(t *testing.T, host, image string, name func(testing.TB) string) {
	enginetest.Run(t, func(t *testing.T) enginetest.Site {
		return site(t, connected(t, host), host, image, name)
	})
}

// connected is the engine at an address, which has answered.
func connected(t *testing.T, host string) *docker.Engine {
	e, err := docker.New(host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if _, err := e.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// site is an engine as the suite needs it; host is its address on this computer.
func site(t *testing.T, e *docker.Engine, host, image string, name func(testing.TB) string) enginetest.Site {
	published, missing := testenv.PublishedImage(t)
	return enginetest.Site{
		Engine: e, Image: image, Published: published, Missing: missing,
		Name:  func(t *testing.T) string { return name(t) },
		Port:  func(t *testing.T) int { return testenv.FreePort(t) },
		Pause: func(t *testing.T, name string) { testenv.DockerAt(t, host, "pause", name) },
	}
}
