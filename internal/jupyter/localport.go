package jupyter

import (
	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// LocalPort returns the port of this computer that leads to Jupyter in a
// container, 0 when there is none. It is the one that a runtime keeps: snapshots
// tell it, the Backend URL has it, and Jupyter is asked there.
func LocalPort(c engine.Container, k config.Kind) int {
	for _, inner := range []int{k.Port(), 8888, 8080} {
		if port := c.Ports[inner]; port != 0 {
			return port
		}
	}
	if len(c.Ports) == 1 {
		for _, port := range c.Ports {
			return port
		}
	}
	return 0
}
