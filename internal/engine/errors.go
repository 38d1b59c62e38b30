package engine

import (
	"errors"
	"fmt"
)

// What an error of the engine can be about.
var (
	ErrUnreachable   = errors.New("engine cannot be reached")
	ErrSilent        = fmt.Errorf("%w: it is there, and does not answer in time", ErrUnreachable)
	ErrHangsUp       = fmt.Errorf("%w: it is there, and hangs up", ErrUnreachable)
	ErrPermission    = errors.New("no permission to use the engine")
	ErrTooOld        = errors.New("engine is too old")
	ErrNotFound      = errors.New("not found")
	ErrConflict      = errors.New("name is taken")
	ErrPortInUse     = errors.New("port is in use")
	ErrImageNotFound = errors.New("image not found")
	ErrNetwork       = errors.New("registry cannot be reached")
	ErrDiskFull      = errors.New("disk is full")
	ErrPlatform      = errors.New("image is for another platform")
	ErrNoFolder      = errors.New("folder of the host is not there")
	ErrBusy          = errors.New("engine does that for somebody else")
	ErrChanged       = errors.New("files changed while they were read")
	// ErrLacks means that the engine does not have an ability.
	ErrLacks = errors.New("engine cannot do that")
)
