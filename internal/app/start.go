package app

import (
	"context"
	"time"

	"colabtray/internal/runtime"
)

// listenTime is how long it may take until the port of a runtime is listened at, which
// another program of the person can have had until now.
const listenTime = 5 * time.Second

// startHeld starts the runtime of a profile, and returns when this program listens for
// it.
func (s *fleetSession) startHeld(ctx context.Context, profile string) error {
	if err := s.fleet.Start(ctx, profile); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, listenTime)
	defer cancel()
	for o := range s.fleet.Watch(ctx) {
		if now, known := o.Of(profile); !known || now.State != runtime.Ready || now.Listens {
			break
		}
	}
	return nil
}
