package desktop

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/test/testenv"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

// newBus starts a session bus for this test alone and puts it into the environment.
func newBus(t *testing.T) *dbus.Conn {
	t.Helper()
	address := testenv.SessionBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// own makes the connection own a name on the bus.
func own(t *testing.T, conn *dbus.Conn, name string) {
	t.Helper()
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%s: %v, %v", name, reply, err)
	}
}

func wantProbe(t *testing.T, what string, got string, err error, want, wantError string) {
	t.Helper()
	if got != want || (err == nil) != (wantError == "") || err != nil && !strings.Contains(err.Error(), wantError) {
		t.Errorf("%s: got %q, %v; want %q, %q", what, got, err, want, wantError)
	}
}

func TestTrayHost(t *testing.T) {
	const name = "org.kde.StatusNotifierWatcher"
	bus := newBus(t)
	got, err := TrayHost(t.Context())
	wantProbe(t, "no watcher", got, err, "", "no "+name)

	trayHosted := &prop.Prop{Value: false, Writable: false, Emit: prop.EmitFalse}
	properties, err := prop.Export(bus, "/StatusNotifierWatcher", prop.Map{name: {"IsStatusNotifierHostRegistered": trayHosted}})
	if err != nil {
		t.Fatal(err)
	}
	own(t, bus, name)
	got, err = TrayHost(t.Context())
	wantProbe(t, "no host", got, err, "", "nothing that shows icons")
	properties.SetMust(name, "IsStatusNotifierHostRegistered", true)
	got, err = TrayHost(t.Context())
	wantProbe(t, "a host", got, err, name+", with a panel that shows icons", "")
}

// server is a notification server that returns its name and version.
type server struct{ asked, answer chan struct{} }

func (s server) GetServerInformation() (name, vendor, version, specification string, err *dbus.Error) {
	s.asked <- struct{}{}
	<-s.answer
	return "Notes", "The authors", "1.2", "1.3", nil
}

func TestNotificationServer(t *testing.T) {
	bus := newBus(t)
	got, err := NotificationServer(t.Context())
	wantProbe(t, "no server", got, err, "", "org.freedesktop.Notifications")

	s := server{make(chan struct{}, 2), make(chan struct{})}
	if err := bus.Export(s, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	own(t, bus, "org.freedesktop.Notifications")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-s.asked
		cancel()
	}()
	got, err = NotificationServer(ctx)
	wantProbe(t, "one that does not answer", got, err, "", "canceled")
	close(s.answer)
	got, err = NotificationServer(t.Context())
	wantProbe(t, "a server", got, err, "Notes 1.2 (The authors), specification 1.3", "")
}

// TestNoBusThatAnswers has no bus, and then a bus that never answers.
func TestNoBusThatAnswers(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none"))
	got, err := TrayHost(t.Context())
	wantProbe(t, "no bus", got, err, "", "no session bus")

	path := filepath.Join(t.TempDir(), "silent")
	silent, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		if c, err := silent.Accept(); err == nil {
			defer c.Close()
			_, _ = io.ReadFull(c, make([]byte, 1)) // the client writes first
			cancel()
			_, _ = io.Copy(io.Discard, c)
		}
	}()
	got, err = NotificationServer(ctx)
	wantProbe(t, "a bus that says nothing", got, err, "", "no session bus that answers")
}

func TestClipboardProbe(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "xclip", "exit 0")
	for _, test := range []struct{ what, display, path, want, wantError string }{
		{"no display", "", dir, "", "no clipboard"},
		{"a command", ":77", dir, "by the command xclip", ""},
	} {
		t.Setenv("DISPLAY", test.display)
		t.Setenv("WAYLAND_DISPLAY", "")
		t.Setenv("PATH", test.path)
		got, err := ClipboardMethod(t.Context())
		wantProbe(t, test.what, got, err, test.want, test.wantError)
	}
}
