package app

import (
	"context"

	"colabtray/internal/runtime"
)

// IdleKernels is [runtime.Manager.IdleKernels] for the runtime of a profile.
func (s *fleetSession) IdleKernels(ctx context.Context, profile string) ([]runtime.Kernel, error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return nil, err
	}
	return m.IdleKernels(ctx)
}

// ShutdownIdleKernels is [runtime.Manager.ShutdownIdleKernels] for the runtime of a
// profile.
func (s *fleetSession) ShutdownIdleKernels(ctx context.Context, profile string) ([]runtime.Kernel, error) {
	m, err := s.fleet.Manager(profile)
	if err != nil {
		return nil, err
	}
	return m.ShutdownIdleKernels(ctx)
}
