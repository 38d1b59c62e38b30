package main

import (
	"os"
	"testing"

	"colabtray/test/testenv"
)

// TestStatusTellsTheEngine chooses the engine in the ways of the docker command.
func TestStatusTellsTheEngine(t *testing.T) {
	t.Parallel()
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	out, _ := c.run(0, "status")
	has(t, out, "Docker ", " at "+c.get("DOCKER_HOST")+" (DOCKER_HOST)")
	c.set("DOCKER_HOST=")
	c.set("DOCKER_CONTEXT=gone")
	_, errs := c.run(1, "status")
	has(t, errs, "The docker context gone cannot be used", "docker context ls")
	out, _ = c.run(1, "status", "--json")
	has(t, out, `"code":"no-context"`)
	c.set("DOCKER_HOST=ssh://me@far.invalid")
	_, errs = c.run(1, "start")
	has(t, errs, "far.invalid cannot be reached", "Nobody knows a machine of that name", "ssh me@far.invalid")
}

func TestStartWithoutGPU(t *testing.T) {
	engines(t)
	_, err := os.Stat("/dev/nvidiactl")
	testenv.Need(t, "a computer without a GPU", err != nil)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	c.settings("[profiles.jupyter]\ngpu = \"all\"\n")
	_, errs := c.run(1, "start")
	has(t, errs, "There is no NVIDIA driver", "colab-tray start --no-gpu", "nvidia-smi")
	c.run(0, "start", "--no-gpu")
}
