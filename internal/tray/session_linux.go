package tray

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"colabtray/internal/sessionbus"
)

// Names of the StatusNotifierItem specification,
// https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/, in the
// spelling that desktops use.
const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
)

// tellsRegistration tells whether followSession calls registered.
const tellsRegistration = true

// probeTime limits each exchange with the session bus.
const probeTime = 5 * time.Second

const (
	errNoSession     trayError = "session"
	errSilentSession trayError = "silent"
)

// Probe returns nil when a tray icon can be shown, [ErrNoPanel] when only a panel
// for the icon is missing, and else the reason in a few words. It takes five
// seconds at most.
func Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	bus, err := sessionbus.Connect(ctx)
	switch {
	case errors.Is(err, sessionbus.ErrSilent):
		return errSilentSession
	case err != nil:
		return errNoSession
	}
	defer bus.Close()
	var owned bool
	err = bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&owned)
	if err != nil {
		return errSilentSession
	}
	if !owned {
		return ErrNoPanel
	}
	return nil
}

// followSession calls registered whenever a panel takes the program's icon, gone
// when the panel has gone, and end when the session bus has gone. It returns at
// once, and follows the session until ctx ends.
func followSession(ctx context.Context, registered, gone func(), end context.CancelCauseFunc) error {
	connecting, connected := context.WithTimeout(ctx, probeTime)
	defer connected()
	bus, err := sessionbus.Connect(connecting)
	if err != nil {
		return errNoSession
	}
	context.AfterFunc(ctx, func() { _ = bus.Close() })
	signals := make(chan *dbus.Signal, 16)
	bus.Signal(signals)
	err = errors.Join(bus.AddMatchSignal(
		dbus.WithMatchInterface(watcherName),
		dbus.WithMatchMember("StatusNotifierItemRegistered"),
		dbus.WithMatchObjectPath(watcherPath),
	), bus.AddMatchSignal(
		dbus.WithMatchSender("org.freedesktop.DBus"),
		dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(0, watcherName),
	))
	if err != nil {
		_ = bus.Close()
		return errSilentSession
	}
	go func() {
		for signal := range signals {
			if len(signal.Body) == 0 {
				continue
			}
			first, _ := signal.Body[0].(string)
			switch {
			case signal.Name == "org.freedesktop.DBus.NameOwnerChanged":
				if owner, _ := signal.Body[len(signal.Body)-1].(string); first == watcherName && owner == "" {
					gone()
				}
			case isOurs(ctx, bus, first):
				registered()
			}
		}
		// ctx or the bus has closed the connection. Nothing brings back an icon
		// whose bus is gone.
		end(errSessionEnded)
	}()
	return nil
}

// isOurs reports whether an item that a panel has taken is this program's. Panels
// name an item by the unique or the well-known name of its connection, with or
// without a path behind the name.
func isOurs(ctx context.Context, bus *dbus.Conn, item string) bool {
	name := fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", os.Getpid())
	if strings.HasPrefix(item, name) {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var owner string
	err := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, name).Store(&owner)
	rest, ours := strings.CutPrefix(item, owner)
	return err == nil && ours && (rest == "" || rest[0] == '/' || rest[0] == '@')
}
