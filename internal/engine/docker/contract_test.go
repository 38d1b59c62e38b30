package docker_test

import (
	"testing"

	"colabtray/internal/engine/docker"
	"colabtray/internal/engine/enginetest"
	"colabtray/test/bed"
)

// TestContract holds that Docker and Podman behave as the program relies on.
func TestContract(t *testing.T) {
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		contract(t, bed.Engine(t), bed.Image(t, bed.Server2), bed.RuntimeName)
	})
	t.Run("podman", func(t *testing.T) {
		t.Parallel()
		podman := bed.Podman(t)
		contract(t, podman.Host(), podman.Image(t, bed.Server2), podman.RuntimeName)
	})
}

func contract(t *testing.T, host, image string, name func(testing.TB) string) {
	enginetest.Run(t, func(t *testing.T) enginetest.Site {
		docker, err := docker.NewDocker(host)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = docker.Close() })
		if _, err := docker.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		published, missing := bed.PublishedImage(t)
		return enginetest.Site{
			Engine: docker, Image: image, Published: published, Missing: missing,
			Name:  func(t *testing.T) string { return name(t) },
			Port:  func(t *testing.T) int { return bed.FreePort(t) },
			Pause: func(t *testing.T, name string) { bed.DockerAt(t, host, "pause", name) },
		}
	})
}
