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
		docker, err := docker.New(host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = docker.Close() })
		if _, err := docker.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		published, missing := testenv.PublishedImage(t)
		return enginetest.Site{
			Engine: docker, Image: image, Published: published, Missing: missing,
			Name:  func(t *testing.T) string { return name(t) },
			Port:  func(t *testing.T) int { return testenv.FreePort(t) },
			Pause: func(t *testing.T, name string) { testenv.DockerAt(t, host, "pause", name) },
		}
	})
}
