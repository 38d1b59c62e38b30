package notify

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// deliveryTimeout limits how long a notification server may take for one delivery.
// Nothing waits for a server that hangs, and newer announcements replace those of
// their kind that are still pending.
const deliveryTimeout = 10 * time.Second

// server shows announcements. Only one goroutine calls it.
type server interface {
	// show returns when the server has taken the announcement, at the latest when
	// ctx ends. The announcement replaces the one in the same slot.
	show(ctx context.Context, s slot, a Announcement) error
	// withdraw removes the announcement in a slot from the screen, if it is still
	// there.
	withdraw(ctx context.Context, s slot) error
	close()
}

// slot is a place for one announcement on the screen.
type slot struct {
	kind    Kind
	profile string
}

// Options is what a sender works with. Only Log is required.
type Options struct {
	// Log gets a warning when notifications cannot be shown: one for each cause in
	// a row of failures.
	Log *slog.Logger
	// Enabled reports whether announcements of a kind are wanted; nil means that
	// all are.
	Enabled func(Kind) bool
	// Act carries out the action of a button. It is called on a goroutine of its
	// own. If it is nil there are no buttons.
	Act func(profile string, action Action)
}

// Sender shows announcements on the desktop. All its methods return at once
// and can be called from any goroutine.
type Sender struct {
	options Options
	wake    chan struct{}
	cancel  context.CancelFunc
	ended   chan struct{}

	mu       sync.Mutex
	pending  []delivery    // oldest first
	sent     map[slot]bool // slots that may be on the screen
	pulls    map[string]pull
	lastURLs lastURLs
}

// delivery is an announcement to be shown, or a slot to be emptied.
type delivery struct {
	slot
	announcement *Announcement // nil to empty the slot
}

// NewSender returns a sender, which connects when it has something to show. The
// caller closes it.
func NewSender(o Options) *Sender { return newSender(o, newServer(o.Act, o.Log), deliveryTimeout) }

func newSender(o Options, to server, patience time.Duration) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{
		options: o, wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{}),
		sent: map[slot]bool{}, pulls: map[string]pull{}, lastURLs: lastURLs{},
	}
	go s.run(ctx, to, patience)
	return s
}

// Announce shows the announcements for a change, see the function [Announce], and the
// progress of a long pull. It withdraws announcements that are no longer true.
func (s *Sender) Announce(prev, next runtime.Snapshot) { s.announce(prev, next, time.Now()) }

func (s *Sender) announce(prev, next runtime.Snapshot, now time.Time) {
	s.mu.Lock()
	p, announcements := s.pulls[next.Profile].announce(next, now)
	s.pulls[next.Profile] = p
	next = s.lastURLs.withoutKnownURL(next)
	s.mu.Unlock()
	s.Withdraw(next.Profile, staleKinds(next)...)
	s.Send(append(announcements, Announce(prev, next)...)...)
}

// ShowMessage shows the result of a click: one line, a hint that can be empty, and what
// can be done about it. None may contain a token.
func (s *Sender) ShowMessage(short, hint string, acts ...problem.Act) {
	s.Send(Announcement{Kind: KindAnswer, Title: short, Body: firstLine(hint), Urgency: Normal, Actions: firstActs(acts)})
}

// Show shows one message, and returns when the desktop has it. It is for who has no
// tray; see [Sender.ShowMessage].
func Show(ctx context.Context, short, hint string) error {
	to := newServer(nil, slog.New(slog.DiscardHandler))
	defer to.close()
	message := Announcement{Kind: KindAnswer, Title: oneLine(short), Body: oneLine(firstLine(hint)), Urgency: Normal}
	return deliver(ctx, to, delivery{slot: slot{kind: message.Kind}, announcement: &message}, deliveryTimeout)
}

// Send shows announcements of the kinds that are enabled. With several runtimes each
// title begins with the name of the profile.
func (s *Sender) Send(announcements ...Announcement) {
	s.mu.Lock()
	for _, a := range announcements {
		if s.options.Enabled != nil && !s.options.Enabled(a.Kind) {
			continue
		}
		if a.Profile != "" && len(s.pulls) > 1 {
			a.Title = i18n.Named(a.Profile, a.Title)
		}
		a.Title, a.Body = oneLine(a.Title), oneLine(a.Body)
		target := slot{a.Kind, a.Profile}
		s.sent[target] = true
		s.enqueue(delivery{slot: target, announcement: &a})
	}
	s.mu.Unlock()
	s.signal()
}

// Withdraw removes announcements about a profile from the screen.
func (s *Sender) Withdraw(profile string, kinds ...Kind) {
	s.mu.Lock()
	for _, kind := range kinds {
		if target := (slot{kind, profile}); s.sent[target] {
			delete(s.sent, target)
			s.enqueue(delivery{slot: target})
		}
	}
	s.mu.Unlock()
	s.signal()
}

// enqueue adds a delivery, and removes pending ones that it makes pointless. A new
// announcement does not remove a pending withdrawal of its slot: after a withdrawal it
// is shown in any case, while a server may not show the replacement of an announcement
// that the person has dismissed.
func (s *Sender) enqueue(d delivery) {
	s.pending = slices.DeleteFunc(s.pending, func(old delivery) bool {
		return old.slot == d.slot && (d.announcement == nil || old.announcement != nil)
	})
	s.pending = append(s.pending, d)
}

func (s *Sender) signal() {
	s.mu.Lock()
	idle := len(s.pending) == 0
	s.mu.Unlock()
	if idle {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close ends the sender and drops what is pending. Notifications on the screen stay,
// apart from the progress of a pull.
func (s *Sender) Close() {
	s.cancel()
	<-s.ended
}

func (s *Sender) run(ctx context.Context, to server, patience time.Duration) {
	defer close(s.ended)
	defer to.close()
	logged := "" // the last error since a success
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for d, ok := s.next(); ok && ctx.Err() == nil; d, ok = s.next() {
			err := deliver(ctx, to, d, patience)
			switch {
			case err == nil:
				logged = ""
			case ctx.Err() == nil && err.Error() != logged:
				logged = err.Error()
				s.options.Log.Warn("notifications cannot be shown; the menu says the same", "error", err)
			}
		}
	}
}

func deliver(ctx context.Context, to server, d delivery, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if d.announcement == nil {
		return to.withdraw(ctx, d.slot)
	}
	return to.show(ctx, d.slot, *d.announcement)
}

// next takes the oldest pending delivery.
func (s *Sender) next() (delivery, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return delivery{}, false
	}
	d := s.pending[0]
	s.pending = slices.Delete(s.pending, 0, 1)
	return d, true
}

// oneLine makes a text fit for a notification: one line of at most 200 characters.
func oneLine(text string) string {
	const most = 200
	text = i18n.Line(text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
