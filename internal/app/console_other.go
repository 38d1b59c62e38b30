//go:build !windows

package app

// leaveOwnConsole does nothing: only Windows opens a console window for a
// program that is started from the desktop.
func leaveOwnConsole() {}
