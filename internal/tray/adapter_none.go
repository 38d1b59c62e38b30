//go:build darwin && !cgo

package tray

import "context"

const errNoTray trayError = "build"

// Probe tells that there is no tray in this build.
func Probe(context.Context) error { return errNoTray }

// Run tells that there is no tray in this build.
func Run(context.Context, Options) error { return errNoTray }
