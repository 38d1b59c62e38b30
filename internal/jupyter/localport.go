package jupyter

import (
	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// LocalPort returns the port of this computer that leads to Jupyter in a container; 0
// when there is none. A runtime uses this one port everywhere: in its snapshots, in the
// Backend URL, and for requests to Jupyter.
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
