package notify

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"slices"

	"github.com/esiqveland/notify"
	"github.com/godbus/dbus/v5"

	"colabtray/assets"
)

// appID is the desktop entry that notifications belong to, and the name of its
// icon in the theme.
const appID = "dev.colabtray.ColabTray"

// bus is the notification server of the desktop's session bus.
//
// Its connection is private: the NotificationClosed that some servers send
// would end, on the shared one, systray's watch for panels that start again
// (fyne-io/systray#131). It is kept while all goes well, since some servers
// take away the notifications of a program that has gone.
type bus struct {
	conn  *dbus.Conn
	shown map[Kind]uint32 // the server's number of the last one of a kind
}

func newServer() server { return &bus{shown: map[Kind]uint32{}} }

func (b *bus) close() {
	if b.conn != nil {
		_ = b.conn.Close()
	}
}

func (b *bus) show(ctx context.Context, a Announcement) error {
	if b.conn == nil || !b.conn.Connected() {
		conn, err := connect(ctx)
		if err != nil {
			return fmt.Errorf("no session bus: %w", err)
		}
		b.conn = conn
	}
	// A call has no time limit, but for the end of its connection.
	defer context.AfterFunc(ctx, b.close)()
	id, err := b.notify(a)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the notification server does not answer: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("notification server: %w", err)
	}
	b.shown[a.Kind] = id
	return nil
}

// connect opens a private connection to the session bus, and unlike
// [dbus.ConnectSessionBus] starts no bus where there is none.
func connect(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func (b *bus) notify(a Announcement) (uint32, error) {
	capabilities, err := notify.GetCapabilities(b.conn)
	if err != nil {
		return 0, err
	}
	n := notify.Notification{
		AppName:       "Colab Tray",
		AppIcon:       appID,
		ReplacesID:    b.shown[a.Kind],
		Summary:       a.Title,
		Body:          a.Body,
		ExpireTimeout: notify.ExpireTimeoutSetByNotificationServer,
	}
	if slices.Contains(capabilities, "body-markup") {
		n.Body = html.EscapeString(a.Body)
	}
	urgency := notify.UrgencyNormal
	if a.Urgency == Critical {
		urgency = notify.UrgencyCritical
	}
	n.SetUrgency(urgency)
	n.AddHint(notify.Hint{ID: "desktop-entry", Variant: dbus.MakeVariant(appID)})
	n.AddHint(notify.Hint{ID: "category", Variant: dbus.MakeVariant("x-colabtray.runtime." + string(a.Kind))})
	// The icon's name means nothing to a theme before the program is installed.
	if icon := decode(assets.AppIcon()); icon != nil {
		n.AddHint(notify.HintImageDataRGBA(icon))
	}
	return notify.SendNotification(b.conn, n)
}

// decode returns the pixels of a PNG as notification servers want them: with
// colours that are not multiplied by alpha, whatever the type says. It is nil
// for what is no PNG.
func decode(picture []byte) *image.RGBA {
	source, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil
	}
	straight := image.NewNRGBA(image.Rectangle{Max: source.Bounds().Size()})
	draw.Draw(straight, straight.Bounds(), source, source.Bounds().Min, draw.Src)
	return &image.RGBA{Pix: straight.Pix, Stride: straight.Stride, Rect: straight.Rect}
}
