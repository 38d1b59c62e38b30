//go:build !linux

package desktop

import "context"

// copyByCommand has nothing to fall back to here.
func copyByCommand(context.Context, string) bool { return false }

// pasteByCommand has nothing to fall back to here.
func pasteByCommand(context.Context) string { return "" }
