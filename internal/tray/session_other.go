//go:build !linux && !(darwin && !cgo)

package tray

import "context"

// tellsRegistration says whether followSession tells when the icon is
// registered: here it is when the toolkit is ready.
const tellsRegistration = false

// Probe returns nil: this system always has a tray.
func Probe(context.Context) error { return nil }

// followSession has nothing to follow: the system ends the program with the
// session.
func followSession(context.Context, func(), func(), context.CancelCauseFunc) error { return nil }
