//go:build !linux

package desktop

import "context"

// TrayHost describes in a few words what shows tray icons.
func TrayHost(context.Context) (string, error) { return "part of the system", nil }

// HasXEmbedTray returns false: only Linux has such trays.
func HasXEmbedTray(context.Context) bool { return false }

// NotificationServer describes in a few words what shows notifications.
func NotificationServer(context.Context) (string, error) { return "part of the system", nil }

// copiedBy is how a text is copied without a command.
const copiedBy = "by the system"

func copyCommand() string { return "" }
