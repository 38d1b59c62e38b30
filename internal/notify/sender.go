package notify

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// deliveryTimeout bounds how long a notification server may take. One that hangs
// costs nothing meanwhile: nobody waits for it, and newer announcements replace
// those of their kind that still wait.
const deliveryTimeout = 10 * time.Second

// server shows announcements. It is used by one goroutine.
type server interface {
	// show returns when the announcement was taken, at the latest when ctx ends.
	// It takes the place of the one before it that has the same place.
	show(ctx context.Context, p slot, a Announcement) error
	// withdraw takes the announcement of that place off the screen, if it is
	// still there.
	withdraw(ctx context.Context, p slot) error
	close()
}

// slot is where an announcement is on the screen.
type slot struct {
	kind    Kind
	profile string
}

// Options is what a sender works with; only Log is needed.
type Options struct {
	// Log is where it is said, once, that nothing can be shown.
	Log *slog.Logger
	// Enabled tells whether a kind is wanted; nil is all of them.
	Enabled func(Kind) bool
	// Act does what the button of an announcement about a profile asks for. It
	// is called on a goroutine of its own. Without it there are no buttons.
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
	sent     map[slot]bool // what may be on the screen
	pulls    map[string]pull
	lastURLs lastURLs
}

// delivery is an announcement that waits to be shown, or a place that waits to be
// emptied.
type delivery struct {
	slot
	announcement *Announcement // nil to empty the place
}

// NewSender makes a sender, which connects when there is something to show.
func NewSender(o Options) *Sender { return newSender(o, newServer(o.Act), deliveryTimeout) }

func newSender(o Options, to server, patience time.Duration) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{
		options: o, wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{}),
		sent: map[slot]bool{}, pulls: map[string]pull{}, lastURLs: lastURLs{},
	}
	go s.run(ctx, to, patience)
	return s
}

// Announce shows what is worth it of a change, see the function [Announce], and
// how far a long pull is. What no longer holds is taken off the screen.
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

// ShowMessage shows what came of a click: a line, and a hint that can be empty.
// Neither may hold a token.
func (s *Sender) ShowMessage(short, hint string) {
	s.Send(Announcement{Kind: KindAnswer, Title: short, Body: firstLine(hint), Urgency: Normal})
}

// Send shows announcements of the kinds that are wanted. With more than one
// runtime each title begins with the name of its profile.
func (s *Sender) Send(announcements ...Announcement) {
	s.mu.Lock()
	for _, a := range announcements {
		if s.options.Enabled != nil && !s.options.Enabled(a.Kind) {
			continue
		}
		if a.Profile != "" && len(s.pulls) > 1 {
			a.Title = a.Profile + ": " + a.Title
		}
		a.Title, a.Body = oneLine(a.Title), oneLine(a.Body)
		p := slot{a.Kind, a.Profile}
		s.sent[p] = true
		s.enqueue(delivery{slot: p, announcement: &a})
	}
	s.mu.Unlock()
	s.signal()
}

// Withdraw takes announcements about a profile off the screen.
func (s *Sender) Withdraw(profile string, kinds ...Kind) {
	s.mu.Lock()
	for _, kind := range kinds {
		if p := (slot{kind, profile}); s.sent[p] {
			delete(s.sent, p)
			s.enqueue(delivery{slot: p})
		}
	}
	s.mu.Unlock()
	s.signal()
}

// enqueue puts an order in the queue, and takes out those that it makes pointless.
// What is to be withdrawn is so before something new has its place: unlike a
// replacement, that is shown even when what was there was clicked away.
func (s *Sender) enqueue(o delivery) {
	s.pending = slices.DeleteFunc(s.pending, func(old delivery) bool {
		return old.slot == o.slot && (o.announcement == nil || old.announcement != nil)
	})
	s.pending = append(s.pending, o)
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

// Close ends the sender. What is on the screen stays there; what was not taken
// yet is dropped.
func (s *Sender) Close() {
	s.cancel()
	<-s.ended
}

func (s *Sender) run(ctx context.Context, to server, patience time.Duration) {
	defer close(s.ended)
	defer to.close()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		for o, ok := s.next(); ok && ctx.Err() == nil; o, ok = s.next() {
			err := deliver(ctx, to, o, patience)
			switch {
			case err == nil:
				said = ""
			case ctx.Err() == nil && err.Error() != said:
				said = err.Error()
				s.options.Log.Warn("notifications cannot be shown; the menu says the same", "error", err)
			}
		}
	}
}

func deliver(ctx context.Context, to server, o delivery, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if o.announcement == nil {
		return to.withdraw(ctx, o.slot)
	}
	return to.show(ctx, o.slot, *o.announcement)
}

// next takes the oldest order.
func (s *Sender) next() (delivery, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return delivery{}, false
	}
	o := s.pending[0]
	s.pending = slices.Delete(s.pending, 0, 1)
	return o, true
}

// oneLine returns a text as a notification can have it: short, and on one line.
func oneLine(text string) string {
	const most = 200
	text = i18n.Line(text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
