package runtime

import (
	"context"
	"time"

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

// handOverTime is how long another process that had a gateway may take to have it again.
const handOverTime = 10 * openAgain

// HandOver closes the gateways of a program that is about to end, and reports whether
// another one of the person's, which had that of the Backend URL before, takes it again:
// it could not while the container was stopped.
func (m *Manager) HandOver(ctx context.Context) bool {
	port, target := m.Snapshot().Port, gateTarget(m.link.Info().Host, m.runtime)
	beside := m.gate.isBeside()
	m.gate.end()
	m.forwards.end()
	ctx, cancel := context.WithTimeout(ctx, handOverTime)
	defer cancel()
	for beside && !gateway.IsHeld(m.gate.dir, target, port) {
		select {
		case <-time.After(openAgain / 20):
		case <-ctx.Done():
			return false
		}
	}
	return beside
}
