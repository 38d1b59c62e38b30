package engine

import (
	"errors"
	"fmt"
)

// The errors of an engine that callers decide on. ErrSilent and ErrHangsUp wrap
// ErrUnreachable.
var (
	ErrUnreachable   = errors.New("engine is unreachable")
	ErrSilent        = fmt.Errorf("%w: it does not answer in time", ErrUnreachable)
	ErrHangsUp       = fmt.Errorf("%w: it closes the connection without an answer", ErrUnreachable)
	ErrPermission    = errors.New("no permission to use the engine")
	ErrTooOld        = errors.New("engine is too old")
	ErrNotFound      = errors.New("not found")
	ErrConflict      = errors.New("name is already in use")
	ErrPortInUse     = errors.New("port is in use")
	ErrImageNotFound = errors.New("image not found")
	ErrNetwork       = errors.New("registry is unreachable")
	ErrDiskFull      = errors.New("disk is full")
	ErrPlatform      = errors.New("image is for another platform")
	ErrNoFolder      = errors.New("folder does not exist on the host")
	ErrFolderDenied  = errors.New("folder cannot be read on the host")
	ErrBusy          = errors.New("engine is already doing this for another request")
	ErrChanged       = errors.New("files changed while being read")
	// ErrLacks means that the engine lacks an ability.
	ErrLacks = errors.New("engine lacks this ability")
)
