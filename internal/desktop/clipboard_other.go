//go:build !linux

package desktop

import "context"

// copyByCommand returns false: there is no such command here.
func copyByCommand(context.Context, string) bool { return false }

// pasteByCommand returns "": there is no such command here.
func pasteByCommand(context.Context) string { return "" }
