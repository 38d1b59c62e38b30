package runtime

import (
	"colabtray/internal/config"
	"colabtray/internal/gateway"
)

// gateTarget names what a gateway leads to: a runtime of an engine.
func gateTarget(engine, runtime string) string { return engine + " " + runtime }

// IsHeld reports whether a program of the person's listens for the runtime of a profile
// that names its engine.
func IsHeld(p config.Profile) bool {
	return gateway.IsHeld(config.RuntimeDir(), gateTarget(p.Engine, p.Runtime), p.Port)
}
