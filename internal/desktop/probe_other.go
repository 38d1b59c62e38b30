//go:build !linux

package desktop

import "context"

// TrayHost tells in a few words whether the desktop shows tray icons.
func TrayHost(context.Context) (string, error) { return "part of the system", nil }

// NotificationServer tells what shows notifications, with its version.
func NotificationServer(context.Context) (string, error) { return "part of the system", nil }

func copyCommand() string { return "" }
