package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"colabtray/internal/engine"
	"colabtray/internal/tunnel"

	cerrdefs "github.com/containerd/errdefs"
)

// engineError wraps an error of the Docker client with the Err value of package engine
// that fits it. Other errors are returned unchanged.
func engineError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var failure *tunnel.Error
	if errors.As(err, &failure) {
		return fmt.Errorf("%w: %w", engine.ErrUnreachable, boxProblem(failure))
	}
	text := strings.ToLower(err.Error())
	switch {
	case errors.Is(err, fs.ErrPermission) || isConnectionFailure(err) && strings.Contains(text, "permission denied"):
		return fmt.Errorf("%w: %w", engine.ErrPermission, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", engine.ErrSilent, err)
	case isConnectionFailure(err):
		return fmt.Errorf("%w: %w", engine.ErrUnreachable, err)
	case strings.Contains(text, "is too old") || strings.Contains(text, "api version") && strings.Contains(text, "too"):
		return fmt.Errorf("%w: %w", engine.ErrTooOld, err)
	case portTaken(text):
		return fmt.Errorf("%w: %w", engine.ErrPortInUse, err)
	case strings.Contains(text, "no space left on device"):
		return fmt.Errorf("%w: %w", engine.ErrDiskFull, err)
	case strings.Contains(text, "bind source path does not exist") || strings.Contains(text, "statfs ") && strings.Contains(text, "no such file"):
		return fmt.Errorf("%w: %w", engine.ErrNoFolder, err)
	case strings.Contains(text, "operation is already running"):
		return fmt.Errorf("%w: %w", engine.ErrBusy, err)
	case isNotFound(err):
		return fmt.Errorf("%w: %w", engine.ErrNotFound, err)
	case cerrdefs.IsConflict(err), strings.Contains(text, "name is already in use"): // Podman's message
		return fmt.Errorf("%w: %w", engine.ErrConflict, err)
	default:
		return err
	}
}

// isNotFound reports whether what was asked for does not exist. Of what is being removed
// in that moment Podman says so in an internal error (4.3, code 500).
func isNotFound(err error) bool {
	if err == nil || cerrdefs.IsNotFound(err) {
		return err != nil
	}
	text := err.Error()
	return strings.Contains(text, "no such container") || strings.Contains(text, "no such volume") || strings.Contains(text, "image not known")
}

// portTaken reports whether a message, in lower case, says that a port is in use: by
// another container (the first pattern) or by another program. The patterns are of
// Docker and Podman, Docker Desktop, and Windows.
func portTaken(text string) bool {
	return strings.Contains(text, "port is already allocated") ||
		strings.Contains(text, "address already in use") ||
		strings.Contains(text, "ports are not available") ||
		strings.Contains(text, "only one usage of each socket address")
}

// pullError is engineError for a pull, where the engine passes on messages of
// registries and of the network.
func pullError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	text := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(text, w) {
				return true
			}
		}
		return false
	}
	switch {
	case isConnectionFailure(err), errors.Is(err, context.DeadlineExceeded):
		return engineError(err)
	case has("no space left on device"):
		return fmt.Errorf("%w: %w", engine.ErrDiskFull, err)
	case has("no matching manifest", "no image found in manifest list"):
		return fmt.Errorf("%w: %w", engine.ErrPlatform, err)
	case has("dial tcp", "no such host", "i/o timeout", "connection refused", "connection reset", "tls handshake", "client.timeout",
		"network is unreachable", "awaiting headers", "proxyconnect", "unexpected eof", "server misbehaving", "bad gateway",
		"service unavailable", "gateway timeout", "too many requests", "internal server error", "x509") || engine.IsPage(text):
		return fmt.Errorf("%w: %w", engine.ErrNetwork, err)
	case has("not found", "manifest unknown", "does not exist", "name unknown", "repository name not known", "access denied", "unauthorized",
		"authentication required", "denied", "invalid reference"):
		return fmt.Errorf("%w: %w", engine.ErrImageNotFound, err)
	default:
		return engineError(err)
	}
}
