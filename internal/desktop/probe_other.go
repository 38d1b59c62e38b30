//go:build !linux

package desktop

import "context"

// TrayHost tells in a few words whether the desktop shows tray icons.
func TrayHost(context.Context) (string, error) { return "part of the system", nil }

// HasXEmbedTray reports whether there is a tray of a kind that only Linux has.
func HasXEmbedTray(context.Context) bool { return false }

// NotificationServer tells what shows notifications, with its version.
func NotificationServer(context.Context) (string, error) { return "part of the system", nil }

// copiedBy tells in a few words who takes a text to copy.
const copiedBy = "by the system"

func copyCommand() string { return "" }
