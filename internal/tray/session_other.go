//go:build !linux && !(darwin && !cgo)

package tray

import "context"

// tellsRegistration tells whether followSession calls registered. On this system
// the icon is registered when the toolkit is ready.
const tellsRegistration = false

// Probe returns nil: this system always has a tray.
func Probe(context.Context) error { return nil }

// followSession does nothing: the system ends the program with the session.
func followSession(context.Context, func(), func(), context.CancelCauseFunc) error { return nil }
