package main

import (
	"context"
	"os/exec"
	"testing"

	"colabtray/test/testenv"
)

// TestPortsElsewhere runs in a network of its own, as in a container that the
// engine's socket is mounted into: the ports that the engine publishes are not
// there.
func TestPortsElsewhere(t *testing.T) {
	engines(t)
	network := testenv.NewNetwork(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	c.run(0, "start")
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	cmd := exec.CommandContext(ctx, network.Command("env"), program, "start")
	cmd.Env = c.env
	message, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("it ended with %d", code)
	}
	has(t, string(message), "port "+c.get("COLAB_TRAY_PORT")+" is not on this computer", "--network host")
}
