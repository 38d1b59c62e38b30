//go:build darwin && !cgo

package tray

import "context"

const errNoTray trayError = "build"

// Probe returns an error: this build has no tray.
func Probe(context.Context) error { return errNoTray }

// Run returns an error: this build has no tray.
func Run(context.Context, Options) error { return errNoTray }
