package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestCommandsMeanTheProfile: what a person is told to run is about the profile
// at hand, and so is what names its container alone.
func TestCommandsMeanTheProfile(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	runtime, image := c.get("COLAB_TRAY_NAME"), c.get("COLAB_TRAY_IMAGE")
	for _, name := range []string{"NAME", "IMAGE", "PORT"} {
		c.set("COLAB_TRAY_" + name + "=")
	}
	port := testenv.FreePort(t)
	settings := fmt.Sprintf("[profiles.mine]\nname = %q\nimage = %q\nport = %d\n", runtime, image, port)
	c.settings(settings)

	other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	_, errs := c.run(1, "start", "--profile", "mine")
	_ = other.Close()
	has(t, errs, "is in use", "\n    colab-tray start --profile mine --port ")
	var free int
	_, after, _ := strings.Cut(errs, "--profile mine --port ")
	if _, err := fmt.Sscan(after, &free); err != nil || free <= port || free > port+100 {
		t.Errorf("not a port nearby: %s", after)
	}
	_, errs = c.run(1, "url", "--profile", "mine")
	has(t, errs, "\n    colab-tray start --profile mine\n")

	c.run(0, "start", "--profile", "mine")
	made := c.docker("inspect", "--format", "{{.Id}}", runtime)
	c.run(0, "restart", "--name", runtime)
	if now := c.docker("inspect", "--format", "{{.Id}}", runtime); now != made {
		t.Error("by its name alone, the runtime was made anew from other settings")
	}
	c.settings(settings + "memory = '1g'\n")
	out, _ := c.run(0, "status", "--name", runtime)
	has(t, out, "'colab-tray restart --profile mine' applies them")
}
