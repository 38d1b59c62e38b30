package desktop

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Note is a notification that a program sent.
type Note struct {
	Summary, Body string
	Actions       []string
}

// notes monitors the messages to and from the notification server.
type notes struct {
	bus  *dbus.Conn
	done chan struct{}

	mu     sync.Mutex
	sent   []Note
	closed int
}

func (n *notes) listen(dir string) (err error) {
	n.done = make(chan struct{})
	n.bus, err = dbus.Connect("unix:path=" + dir + "/bus")
	if err != nil {
		return err
	}
	rules := []string{
		"type='method_call',interface='" + notifierName + "',member='Notify'",
		"type='signal',interface='" + notifierName + "',member='NotificationClosed'",
	}
	if err := n.bus.BusObject().Call("org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, rules, uint32(0)).Err; err != nil {
		return err
	}
	messages := make(chan *dbus.Message, 1000)
	n.bus.Eavesdrop(messages)
	go func() {
		for {
			select {
			case m, open := <-messages:
				if !open { // the bus has ended
					return
				}
				n.handleMessage(m)
			case <-n.done:
				return
			}
		}
	}()
	return nil
}

func (n *notes) handleMessage(m *dbus.Message) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch member, _ := m.Headers[dbus.FieldMember].Value().(string); {
	case member == "NotificationClosed":
		n.closed++
	case member == "Notify" && len(m.Body) >= 6:
		var note Note
		note.Summary, _ = m.Body[3].(string)
		note.Body, _ = m.Body[4].(string)
		note.Actions, _ = m.Body[5].([]string)
		n.sent = append(n.sent, note)
	}
}

func (n *notes) close() {
	if n.bus == nil {
		return
	}
	// Eavesdropping ends first: Close also closes its channel, and panics if a message
	// is being delivered then (godbus v5.1.0).
	n.bus.Eavesdrop(nil)
	_ = n.bus.Close()
	close(n.done)
}

// Notes returns the notifications sent so far.
func (s *Session) Notes() []Note {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	return slices.Clone(s.notes.sent)
}

// Note waits for a notification that contains a text.
func (s *Session) Note(ctx context.Context, part string) error {
	return waitFor(ctx, "a notification with "+strconv.Quote(part), func() error {
		all := s.Notes()
		if !slices.ContainsFunc(all, func(n Note) bool { return strings.Contains(n.Summary+"\n"+n.Body, part) }) {
			return fmt.Errorf("there were %+v", all)
		}
		return nil
	})
}

// NoteWindow waits until a notification is on the screen and stands still, and returns its
// place.
func (s *Session) NoteWindow(ctx context.Context) (image.Rectangle, error) {
	class := "xfce4-notifyd"
	if s.options.Notifications == Dunst {
		class = "dunst"
	}
	return s.Window(ctx, class, func(r image.Rectangle) bool { return r.Dx() > 100 && r.Dy() > 20 && r.Max.Y < 400 })
}

// CloseNote closes a notification by a click, and waits until its sender was told.
func (s *Session) CloseNote(ctx context.Context) error {
	closed := s.closedNotes()
	where, err := s.NoteWindow(ctx)
	if err != nil {
		return err
	}
	at := where.Min.Add(where.Size().Div(2))
	_, err = s.Run(ctx, "xdotool", "mousemove", strconv.Itoa(at.X), strconv.Itoa(at.Y), "click", "1", "mousemove", "600", "500")
	if err != nil {
		return err
	}
	return waitFor(ctx, "a notification to be closed", func() error {
		if s.closedNotes() == closed {
			return errors.New("none was")
		}
		return nil
	})
}

// closedNotes returns the number of notifications whose senders were told that they were
// closed.
func (s *Session) closedNotes() int {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	return s.notes.closed
}
