package desktop

import (
	"os"
	"testing"

	wire "golang.design/x/x11"
)

// TestXEmbedTray has a display without a tray, and then one with a tray that shows only
// XEmbed icons.
func TestXEmbedTray(t *testing.T) {
	t.Setenv("XAUTHORITY", "/dev/null")
	for _, display := range []string{"", "nonsense", "localhost:98"} {
		t.Setenv("DISPLAY", display)
		if HasXEmbedTray(t.Context()) {
			t.Errorf("DISPLAY=%s has a tray", display)
		}
	}
	newBus(t)
	t.Setenv("DISPLAY", xvfb(t))
	// It stays open: without a client, the X server resets.
	conn, replies, setup, err := openDisplay(t.Context(), os.Getenv("DISPLAY"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if HasXEmbedTray(t.Context()) {
		t.Error("a display without a tray has one")
	}
	got, err := TrayHost(t.Context())
	wantProbe(t, "no tray", got, err, "", "StatusNotifierWatcher on the session bus")

	// The first thing that an XEmbed tray does.
	selection, err := askDisplay(conn, replies, wire.InternAtom(traySelection, false))
	if err != nil {
		t.Fatal(err)
	}
	window := wire.NewIDGen(setup).Next()
	for _, request := range [][]byte{wire.CreateWindow(window, setup.Root), wire.SetSelectionOwner(window, selection.Atom(), 0)} {
		if _, err := conn.Write(request); err != nil {
			t.Fatal(err)
		}
	}
	if owner, err := askDisplay(conn, replies, wire.GetSelectionOwner(selection.Atom())); err != nil || owner.SelectionOwner() != window {
		t.Fatalf("the selection is not owned: %v", err)
	}
	if !HasXEmbedTray(t.Context()) {
		t.Error("the tray is not seen")
	}
	got, err = TrayHost(t.Context())
	wantProbe(t, "an XEmbed tray", got, err, "", "snixembed")
}
