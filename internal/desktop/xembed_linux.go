package desktop

import (
	"bufio"
	"cmp"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	wire "golang.design/x/x11"
)

// traySelection is the X11 selection that the tray of the first screen owns.
const traySelection = "_NET_SYSTEM_TRAY_S0"

// x11Time limits the exchange with a display.
const x11Time = 2 * time.Second

// HasXEmbedTray reports whether the display has a tray of the older kind, in which
// programs draw their icons themselves, see
// https://specifications.freedesktop.org/systemtray-spec/latest/. It takes 2 seconds at
// most.
func HasXEmbedTray(ctx context.Context) bool {
	owner, err := xembedTray(ctx, os.Getenv("DISPLAY"))
	return err == nil && owner != wire.None
}

// xembedTray returns the window that owns the tray of the display's first screen,
// [wire.None] if there is no tray.
func xembedTray(ctx context.Context, display string) (window uint32, err error) {
	ctx, cancel := context.WithTimeout(ctx, x11Time)
	defer cancel()
	conn, replies, _, err := openDisplay(ctx, display)
	if err != nil {
		return wire.None, err
	}
	defer conn.Close()
	selection, err := askDisplay(conn, replies, wire.InternAtom(traySelection, true))
	if err != nil || selection.Atom() == wire.None {
		return wire.None, err
	}
	owner, err := askDisplay(conn, replies, wire.GetSelectionOwner(selection.Atom()))
	if err != nil {
		return wire.None, err
	}
	return owner.SelectionOwner(), nil
}

// openDisplay opens a connection to a display, which is closed when ctx ends.
func openDisplay(ctx context.Context, display string) (conn net.Conn, replies *bufio.Reader, setup wire.Setup, err error) {
	d, err := wire.ParseDisplay(display)
	if err != nil {
		return nil, nil, setup, err
	}
	conn, err = new(net.Dialer).DialContext(ctx, d.Net, d.Addr)
	if err != nil && d.Net == "unix" { // some servers have only an abstract socket
		conn, err = new(net.Dialer).DialContext(ctx, d.Net, "@/tmp/.X11-unix/X"+strconv.Itoa(d.Num))
	}
	if err != nil {
		return nil, nil, setup, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	replies = bufio.NewReader(conn)
	if _, err = conn.Write(wire.SetupRequest(cookie(d.Num))); err == nil {
		setup, err = wire.ReadSetup(replies)
	}
	if err != nil {
		_ = conn.Close()
	}
	return conn, replies, setup, err
}

func askDisplay(conn net.Conn, replies *bufio.Reader, request []byte) (wire.Packet, error) {
	_, err := conn.Write(request)
	if err != nil {
		return wire.Packet{}, err
	}
	return wire.NextReply(replies)
}

// cookie returns what authorizes the person's programs at a display, empty where the
// display needs none.
func cookie(display int) (name string, data []byte) {
	home, _ := os.UserHomeDir()
	text, err := os.ReadFile(cmp.Or(os.Getenv("XAUTHORITY"), filepath.Join(home, ".Xauthority")))
	if err != nil {
		return "", nil
	}
	entries, err := wire.ParseXauthority(text)
	if err != nil {
		return "", nil
	}
	host, _ := os.Hostname()
	return wire.ChooseCookie(entries, display, host)
}
