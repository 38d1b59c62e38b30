package runtime

import (
	"time"

	"colabtray/internal/engine"
)

// startOf identifies one run of a container.
func startOf(c engine.Container) startID { return startID{c.ID, c.StartedAt} }

// startID identifies one run of one container.
type startID struct {
	container string
	at        time.Time
}
