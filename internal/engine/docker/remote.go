package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"colabtray/internal/engine"
)

// remoteTime is how long a registry may take to tell a digest.
const remoteTime = 30 * time.Second

// RemoteDigest implements [engine.RemoteImages]. Unlike [Engine.Pull] it asks without
// credentials first: nobody waits for the answer, and a credential helper may ask the
// user to unlock a key ring. Podman does not offer it.
func (d *Engine) RemoteDigest(ctx context.Context, ref string) (string, error) {
	if d.podman.Load() {
		return "", engine.ErrLacks
	}
	digest, err := d.remoteDigest(ctx, ref, "")
	if !errors.Is(err, engine.ErrImageNotFound) {
		return digest, err
	}
	auth, authErr := imageCredentials(ctx, ref, d.helperPatience)
	if authErr != nil {
		d.log.Warn("asking the registry without credentials", "image", ref, "error", authErr)
	}
	if auth == "" {
		return digest, err
	}
	return d.remoteDigest(ctx, ref, auth)
}

func (d *Engine) remoteDigest(ctx context.Context, ref, auth string) (string, error) {
	asking, cancel := context.WithTimeout(ctx, remoteTime)
	defer cancel()
	found, err := d.api.Load().DistributionInspect(asking, ref, auth)
	switch {
	case err != nil && asking.Err() != nil && ctx.Err() == nil:
		return "", fmt.Errorf("%w: %w", engine.ErrNetwork, err)
	case err != nil:
		return "", pullError(err)
	}
	digest := found.Descriptor.Digest
	if err := digest.Validate(); err != nil {
		return "", fmt.Errorf("registry's digest: %w", err)
	}
	return digest.String(), nil
}
