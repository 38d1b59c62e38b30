// Package sessionbus owns how the program connects to the D-Bus session bus of the
// desktop.
//
// It does not own what is said on the bus.
package sessionbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"
)

var (
	// ErrMissing means that there is no session bus.
	ErrMissing = errors.New("no session bus")
	// ErrSilent means that something listens at the address of the session bus,
	// but does not answer as a bus.
	ErrSilent = errors.New("no session bus that answers")
)

// Connect opens a private connection to the session bus; the caller closes it. When
// ctx ends before Connect returns, Connect fails; a later end of ctx changes nothing.
// The error wraps [ErrMissing] or [ErrSilent].
//
// The connection is private because systray uses the shared one, and a signal with
// fewer than 3 arguments there, such as the NotificationClosed of some servers, ends
// systray's watch for a new panel (https://github.com/fyne-io/systray/issues/131).
// And unlike [dbus.ConnectSessionBus] it starts no bus where there is none.
func Connect(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	err = conn.Auth(nil)
	if err == nil {
		err = conn.Hello()
	}
	if !stop() { // ctx has closed the connection, or is about to
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%w: %w", ErrSilent, err)
	}
	return conn, nil
}
