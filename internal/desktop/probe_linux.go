package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"colabtray/internal/sessionbus"
)

// TrayHost tells in a few words whether the desktop shows tray icons.
func TrayHost(ctx context.Context) (string, error) {
	bus, err := sessionbus.Connect(ctx)
	if err != nil {
		return "", err
	}
	defer bus.Close()
	const name = "org.kde.StatusNotifierWatcher"
	var nameHasOwner bool
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&nameHasOwner); err != nil {
		return "", err
	}
	if !nameHasOwner && HasXEmbedTray(ctx) {
		return "", errors.New("no " + name + " on the session bus; a tray of the older kind (XEmbed) is there, which needs snixembed")
	}
	if !nameHasOwner {
		return "", errors.New("no " + name + " on the session bus")
	}
	var trayHosted bool
	err = bus.Object(name, "/StatusNotifierWatcher").CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		name, "IsStatusNotifierHostRegistered").Store(&trayHosted)
	switch {
	case err != nil:
		return "", err
	case !trayHosted:
		return "", errors.New("there is a " + name + ", and nothing that shows icons")
	default:
		return name + ", with a panel that shows icons", nil
	}
}

// NotificationServer tells what shows notifications, with its version.
func NotificationServer(ctx context.Context) (string, error) {
	bus, err := sessionbus.Connect(ctx)
	if err != nil {
		return "", err
	}
	defer bus.Close()
	var name, vendor, version, specification string
	err = bus.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").
		CallWithContext(ctx, "org.freedesktop.Notifications.GetServerInformation", 0).
		Store(&name, &vendor, &version, &specification)
	if ctx.Err() != nil { // the connection, which ends with it, may say so first
		return "", ctx.Err()
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s (%s), specification %s", name, version, vendor, specification), nil
}

// copiedBy tells in a few words who takes a text to copy.
const copiedBy = "by the display server"

// copyCommand is the first command that could take a text.
func copyCommand() string {
	for _, c := range []struct{ display, name string }{
		{"WAYLAND_DISPLAY", "wl-copy"}, {"DISPLAY", "xclip"}, {"DISPLAY", "xsel"},
	} {
		if os.Getenv(c.display) == "" {
			continue
		}
		if _, err := exec.LookPath(c.name); err == nil {
			return c.name
		}
	}
	return ""
}
