package runtime

import (
	"colabtray/internal/config"
	"colabtray/internal/gateway"
)

// IsHeld reports whether a program of the person's listens for the runtime of a profile
// at its port.
func IsHeld(p config.Profile) bool { return gateway.IsHeld(config.RuntimeDir(), p.Runtime, p.Port) }
