//go:build !linux

package kubernetes

import (
	"context"

	"colabtray/internal/engine"
)

// attachTerminal gives kubectl the person's terminal: one of its own is made on Linux alone.
func attachTerminal(ctx context.Context, k kubectl, command []string, c engine.Command, said *verdictFilter) error {
	return attachOwnTerminal(ctx, k, command, c, said)
}
