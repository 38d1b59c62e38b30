package tray

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of the StatusNotifierItem specification,
// https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/, as
// desktops have them.
const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
)

// tellsRegistration says that followSession tells when the icon is registered.
const tellsRegistration = true

// probeTime bounds every conversation with the session bus here.
const probeTime = 5 * time.Second

const (
	errNoSession     trayError = "session"
	errSilentSession trayError = "silent"
)

// Probe returns nil when a tray icon can be shown, else the reason in a few
// words; [ErrNoPanel] when only the place for it is missing. It takes some
// seconds at most.
func Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	bus, err := connect(ctx)
	if err != nil {
		return err
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

// connect opens a connection to the session bus that lasts as long as ctx. It
// is a private one: on the shared connection, one signal with fewer than 3
// arguments ends the toolkit's watch for a new panel
// (https://github.com/fyne-io/systray/issues/131). And no bus is launched where
// there is none.
func connect(ctx context.Context) (*dbus.Conn, error) {
	bus, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return nil, errNoSession
	}
	if err := errors.Join(bus.Auth(nil), bus.Hello()); err != nil {
		_ = bus.Close()
		return nil, errSilentSession
	}
	return bus, nil
}

// followSession calls registered whenever a tray takes the program's icon, gone
// when the tray is no longer there, and end when the session bus is gone, until
// ctx ends.
func followSession(ctx context.Context, registered, gone func(), end context.CancelCauseFunc) error {
	dialing, dialed := context.WithCancel(ctx)
	late := time.AfterFunc(probeTime, dialed)
	bus, err := connect(dialing)
	if err != nil || !late.Stop() {
		dialed()
		return errNoSession
	}
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
		dialed()
		return errSilentSession
	}
	go func() {
		defer dialed()
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
		// The connection is closed, by ctx or by the bus. Nothing brings back
		// an icon whose bus is gone.
		end(errSessionEnded)
	}()
	return nil
}

// isOurs reports whether an item that a tray has taken is this program's. Trays
// call it by the connection's unique name or its well-known one, followed by a
// path or not.
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
