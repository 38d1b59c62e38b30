package desktop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"colabtray/internal/sessionbus"
)

// TrayHost describes in a few words what shows tray icons. It returns an error with the
// reason where the desktop shows none.
func TrayHost(ctx context.Context) (string, error) {
	bus, err := sessionbus.Connect(ctx)
	if err != nil {
		return "", err
	}
	defer bus.Close()
	const name = "org.kde.StatusNotifierWatcher"
	var hasWatcher bool
	if err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, name).Store(&hasWatcher); err != nil {
		return "", err
	}
	if !hasWatcher && HasXEmbedTray(ctx) {
		return "", errors.New("no " + name + " on the session bus; a tray of the older kind (XEmbed) is there, which needs snixembed")
	}
	if !hasWatcher {
		return "", errors.New("no " + name + " on the session bus")
	}
	var hasHost bool
	err = bus.Object(name, "/StatusNotifierWatcher").CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0,
		name, "IsStatusNotifierHostRegistered").Store(&hasHost)
	switch {
	case err != nil:
		return "", err
	case !hasHost:
		return "", errors.New("there is a " + name + ", and nothing that shows icons")
	default:
		return name + ", with a panel that shows icons", nil
	}
}

// NotificationServer returns the name and version of the notification server.
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
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %s (%s), specification %s", name, version, vendor, specification), nil
}

// copiedBy is how a text is copied without a command.
const copiedBy = "by the display server"

// copyCommand returns the first installed command that could copy a text, "" for none.
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
