package notify

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"image"
	"image/draw"
	"image/png"
	"log/slog"
	"slices"
	"sync"

	"github.com/esiqveland/notify"
	"github.com/godbus/dbus/v5"

	"colabtray/assets"
	"colabtray/internal/problem"
	"colabtray/internal/sessionbus"
)

// appID is the name of the desktop entry that notifications belong to, and of its
// icon in the icon theme.
const appID = "dev.colabtray.ColabTray"

// Names on the session bus.
const (
	serverName = "org.freedesktop.Notifications"
	serverPath = dbus.ObjectPath("/org/freedesktop/Notifications")
)

// bus is the notification server on the session bus.
//
// The connection is kept open, for two reasons: some servers remove the notifications
// of a program whose connection has ended, and clicks on buttons arrive over it.
type bus struct {
	act       func(profile string, action Action)
	conn      *dbus.Conn
	listening sync.WaitGroup

	// mu is held during calls, so that a signal about a notification is handled
	// only after the reply with the number of that notification.
	mu    sync.Mutex
	shown map[slot]shownNote
}

// shownNote is an announcement that the server has.
type shownNote struct {
	id      uint32 // the server's number of it
	actions []Action
	// dismissed tells that the person has closed the notification. Progress is
	// then not shown again.
	dismissed bool
}

func newServer(act func(profile string, action Action), _ *slog.Logger) server {
	return &bus{act: act, shown: map[slot]shownNote{}}
}

// close removes progress from the screen, which would stay there wrongly. All other
// notifications disappear by themselves or are of use without the program.
func (b *bus) close() {
	if b.conn != nil {
		b.mu.Lock()
		for s, n := range b.shown {
			if s.kind == KindProgress && !n.dismissed {
				b.object().Go(serverName+".CloseNotification", dbus.FlagNoReplyExpected, nil, n.id)
			}
		}
		b.mu.Unlock()
		_ = b.conn.Close()
	}
	b.listening.Wait()
}

func (b *bus) object() dbus.BusObject { return b.conn.Object(serverName, serverPath) }

func (b *bus) show(ctx context.Context, s slot, a Announcement) error {
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
		return b.notify(s, a)
	})
}

func (b *bus) withdraw(ctx context.Context, s slot) error {
	if b.conn == nil {
		return nil // nothing was shown
	}
	return b.ask(ctx, func() error {
		n := b.shown[s]
		delete(b.shown, s)
		if n.id == 0 || n.dismissed {
			return nil
		}
		// The call fails for a notification that is gone already: just as well.
		_ = b.object().Call(serverName+".CloseNotification", 0, n.id).Err
		return nil
	})
}

// ask runs a function that calls the server. A call has no time limit of its own, so
// the connection is closed when ctx ends.
func (b *bus) ask(ctx context.Context, call func() error) error {
	conn := b.conn
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	b.mu.Lock()
	defer b.mu.Unlock()
	switch err := call(); {
	case ctx.Err() != nil:
		return fmt.Errorf("the notification server does not answer: %w", ctx.Err())
	case err != nil:
		return fmt.Errorf("notification server: %w", err)
	}
	return nil
}

// listen handles the signals of the server until the connection ends. A failure is no
// error: notifications are still shown, only their buttons do nothing.
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

// handleSignal handles a signal of the server. It can be about the notifications of
// other programs.
func (b *bus) handleSignal(signal *dbus.Signal) {
	switch signal.Name {
	case "org.freedesktop.DBus.NameOwnerChanged": // a new server has its own numbers
		b.forget()
	case serverName + ".ActionInvoked":
		var id uint32
		var key string
		if dbus.Store(signal.Body, &id, &key) == nil {
			b.invoked(id, problem.ParseAct(key))
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
	if s, n := b.find(id); slices.Contains(n.actions, action) {
		go b.act(s.profile, action)
	}
}

func (b *bus) closed(id, reason uint32) {
	const dismissedByUser = 2
	b.mu.Lock()
	defer b.mu.Unlock()
	if s, n := b.find(id); n.id != 0 && reason == dismissedByUser {
		n.dismissed = true
		b.shown[s] = n
	}
}

// find returns the notification with the server's number, the zero value for one of
// another program.
func (b *bus) find(id uint32) (slot, shownNote) {
	for s, n := range b.shown {
		if n.id == id {
			return s, n
		}
	}
	return slot{}, shownNote{}
}

func (b *bus) notify(s slot, a Announcement) error {
	before := b.shown[s]
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
			n.Actions = append(n.Actions, notify.Action{Key: action.String(), Label: action.Label()})
		}
	}
	n.SetUrgency(urgencies[a.Urgency])
	n.AddHint(notify.Hint{ID: "desktop-entry", Variant: dbus.MakeVariant(appID)})
	n.AddHint(notify.Hint{ID: "category", Variant: dbus.MakeVariant("x-colabtray.runtime." + string(a.Kind))})
	if a.Kind == KindProgress {
		// It is withdrawn when the pull ends.
		n.ExpireTimeout = notify.ExpireTimeoutNever
		if a.Percent > 0 {
			n.AddHint(notify.Hint{ID: "value", Variant: dbus.MakeVariant(int32(a.Percent))})
		}
	}
	// The icon theme knows AppIcon only once the program is installed.
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
	b.shown[s] = after
	return nil
}

var urgencies = map[Urgency]notify.Urgency{
	Low: notify.UrgencyLow, Normal: notify.UrgencyNormal, Critical: notify.UrgencyCritical,
}

// decode returns the pixels of a PNG as notification servers expect them: the colours
// are not multiplied by alpha, unlike the type says. It returns nil if picture is not
// a PNG.
func decode(picture []byte) *image.RGBA {
	source, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil
	}
	straight := image.NewNRGBA(image.Rectangle{Max: source.Bounds().Size()})
	draw.Draw(straight, straight.Bounds(), source, source.Bounds().Min, draw.Src)
	return &image.RGBA{Pix: straight.Pix, Stride: straight.Stride, Rect: straight.Rect}
}
