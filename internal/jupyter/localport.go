package jupyter

import (
	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// LocalPort returns the port of this computer that leads to Jupyter in a container; 0
// when there is none. A runtime uses this one port everywhere: in its snapshots, in the
// Backend URL, and for requests to Jupyter. Where a gateway of the program is needed
// ([UsesGateway]), it is the gateway's.
func LocalPort(c engine.Container, p config.Profile, e engine.Info) int {
	if port := c.GatewayPort(); port != 0 {
		return port
	}
	published := c.Ports[InnerPort(c, p.Kind)]
	if published != 0 && e.Forwarded {
		return p.Port
	}
	return published
}

// UsesGateway reports whether the program has to listen at the local port itself, because
// the container's own port is another one, or on another machine.
func UsesGateway(c engine.Container, e engine.Info) bool {
	return c.Exists && (e.Forwarded || c.GatewayPort() != 0)
}

// InnerPort returns the port in a container at which Jupyter is to be reached; 0 when
// none is published.
func InnerPort(c engine.Container, k config.Kind) int {
	for _, inner := range []int{k.Port(), 8888, 8080} {
		if c.Ports[inner] != 0 {
			return inner
		}
	}
	if c.GatewayPort() != 0 {
		return k.Port() // published at each start
	}
	if len(c.Ports) == 1 {
		for inner := range c.Ports {
			return inner
		}
	}
	return 0
}
