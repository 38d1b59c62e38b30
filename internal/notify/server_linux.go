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
	"sync"

	"github.com/esiqveland/notify"
	"github.com/godbus/dbus/v5"

	"colabtray/assets"
	"colabtray/internal/sessionbus"
)

// appID is the desktop entry that notifications belong to, and the name of its
// icon in the theme.
const appID = "dev.colabtray.ColabTray"

// Names on the session bus.
const (
	serverName = "org.freedesktop.Notifications"
	serverPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// bus is the notification server of the desktop's session bus.
//
// Its connection is private: the NotificationClosed that some servers send
// would end, on the shared one, systray's watch for panels that start again
// (fyne-io/systray#131). It is kept while all goes well, since some servers
// take away the notifications of a program that has gone, and what is clicked
// comes over it.
type bus struct {
	act       func(profile string, action Action)
	conn      *dbus.Conn
	listening sync.WaitGroup

	mu    sync.Mutex // held while the server is asked, so that what it tells of an answer comes after that
	shown map[slot]shownNote
}

// shownNote is an announcement that the server has.
type shownNote struct {
	id      uint32 // the server's number
	actions []Action
	// dismissed tells that the person has clicked it away. Progress is not
	// shown again then.
	dismissed bool
}

func newServer(act func(profile string, action Action)) server {
	return &bus{act: act, shown: map[slot]shownNote{}}
}

// close leaves on the screen what goes away by itself or is of use without the
// program: all but progress.
func (b *bus) close() {
	if b.conn != nil {
		b.mu.Lock()
		for p, n := range b.shown {
			if p.kind == KindProgress && !n.dismissed {
				b.object().Go(serverName+".CloseNotification", dbus.FlagNoReplyExpected, nil, n.id)
			}
		}
		b.mu.Unlock()
		_ = b.conn.Close()
	}
	b.listening.Wait()
}

func (b *bus) object() dbus.BusObject { return b.conn.Object(serverName, serverPath) }

func (b *bus) show(ctx context.Context, p slot, a Announcement) error {
	isNew := b.conn == nil || !b.conn.Connected()
	if isNew {
		conn, err := sessionbus.Connect(ctx)
		if err != nil {
			return err
		}
		b.conn = conn
		b.forget()
	}
	return b.ask(ctx, func() error {
		if isNew {
			b.listen(b.conn)
		}
		return b.notify(p, a)
	})
}

func (b *bus) withdraw(ctx context.Context, p slot) error {
	if b.conn == nil {
		return nil // nothing was shown
	}
	return b.ask(ctx, func() error {
		n := b.shown[p]
		delete(b.shown, p)
		if n.id == 0 || n.dismissed {
			return nil
		}
		// The server says no where it is gone already, which is as well.
		_ = b.object().Call(serverName+".CloseNotification", 0, n.id).Err
		return nil
	})
}

// ask asks the server something. A call has no time limit, but for the end of
// its connection.
func (b *bus) ask(ctx context.Context, question func() error) error {
	conn := b.conn
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch err := question(); {
	case ctx.Err() != nil:
		return fmt.Errorf("the notification server does not answer: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("notification server: %w", err)
	}
	return nil
}

// listen hears what the server tells of its notifications, until the
// connection ends. Without it all is shown, and no button does anything, so
// that failing is no error.
func (b *bus) listen(conn *dbus.Conn) {
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	_ = conn.AddMatchSignal(dbus.WithMatchSender(serverName), dbus.WithMatchObjectPath(serverPath), dbus.WithMatchInterface(serverName))
	_ = conn.AddMatchSignal(dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, serverName))
	b.listening.Go(func() {
		for signal := range signals {
			b.handleSignal(signal)
		}
	})
}

// handleSignal takes in a signal of the server, which tells of the notifications of
// all programs.
func (b *bus) handleSignal(signal *dbus.Signal) {
	switch signal.Name {
	case "org.freedesktop.DBus.NameOwnerChanged": // another server counts anew
		b.forget()
	case serverName + ".ActionInvoked":
		var id uint32
		var key string
		if dbus.Store(signal.Body, &id, &key) == nil {
			b.invoked(id, Action(key))
		}
	case serverName + ".NotificationClosed":
		var id, reason uint32
		if dbus.Store(signal.Body, &id, &reason) == nil {
			b.closed(id, reason)
		}
	}
}

func (b *bus) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.shown)
}

func (b *bus) invoked(id uint32, action Action) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p, n := b.find(id); slices.Contains(n.actions, action) {
		go b.act(p.profile, action)
	}
}

func (b *bus) closed(id, reason uint32) {
	const dismissedByUser = 2
	b.mu.Lock()
	defer b.mu.Unlock()
	if p, n := b.find(id); n.id != 0 && reason == dismissedByUser {
		n.dismissed = true
		b.shown[p] = n
	}
}

// find returns the announcement with the server's number, zero for one of
// another program.
func (b *bus) find(id uint32) (slot, shownNote) {
	for p, n := range b.shown {
		if n.id == id {
			return p, n
		}
	}
	return slot{}, shownNote{}
}

func (b *bus) notify(p slot, a Announcement) error {
	before := b.shown[p]
	if before.dismissed && a.Kind == KindProgress {
		return nil
	}
	capabilities, err := notify.GetCapabilities(b.conn)
	if err != nil {
		return err
	}
	n := notify.Notification{
		AppName:       "Colab Tray",
		AppIcon:       appID,
		ReplacesID:    before.id,
		Summary:       a.Title,
		Body:          a.Body,
		ExpireTimeout: notify.ExpireTimeoutSetByNotificationServer,
	}
	if slices.Contains(capabilities, "body-markup") {
		n.Body = html.EscapeString(a.Body)
	}
	if b.act != nil && slices.Contains(capabilities, "actions") {
		for _, action := range a.Actions {
			n.Actions = append(n.Actions, notify.Action{Key: string(action), Label: label(action)})
		}
	}
	n.SetUrgency(urgencies[a.Urgency])
	n.AddHint(notify.Hint{ID: "desktop-entry", Variant: dbus.MakeVariant(appID)})
	n.AddHint(notify.Hint{ID: "category", Variant: dbus.MakeVariant("x-colabtray.runtime." + string(a.Kind))})
	if a.Kind == KindProgress {
		// It is taken away when the pull ends.
		n.ExpireTimeout = notify.ExpireTimeoutNever
		if a.Percent > 0 {
			n.AddHint(notify.Hint{ID: "value", Variant: dbus.MakeVariant(int32(a.Percent))})
		}
	}
	// The icon's name means nothing to a theme before the program is installed.
	if icon := decode(assets.AppIcon()); icon != nil {
		n.AddHint(notify.HintImageDataRGBA(icon))
	}
	id, err := notify.SendNotification(b.conn, n)
	if err != nil {
		return err
	}
	after := shownNote{id: id}
	if b.act != nil {
		after.actions = a.Actions
	}
	b.shown[p] = after
	return nil
}

var urgencies = map[Urgency]notify.Urgency{
	Low: notify.UrgencyLow, Normal: notify.UrgencyNormal, Critical: notify.UrgencyCritical,
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
