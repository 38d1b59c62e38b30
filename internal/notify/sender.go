package notify

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"colabtray/internal/runtime"
)

// delivering bounds how long a notification server may take. One that hangs
// costs nothing meanwhile: nobody waits for it, and newer announcements replace
// those of their kind that still wait.
const delivering = 10 * time.Second

// server shows announcements. It is used by one goroutine.
type server interface {
	// show returns when the announcement was taken, at the latest when ctx ends.
	show(ctx context.Context, a Announcement) error
	close()
}

// Sender shows announcements on the desktop. All its methods return at once
// and can be called from any goroutine.
type Sender struct {
	log    *slog.Logger
	wake   chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	pending []Announcement // one of a kind, oldest first
}

// NewSender makes a sender, which connects when there is something to show.
// What goes wrong is said in the log, once.
func NewSender(log *slog.Logger) *Sender { return newSender(log, newServer(), delivering) }

func newSender(log *slog.Logger, to server, patience time.Duration) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{log: log, wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{})}
	go s.run(ctx, to, patience)
	return s
}

// Announce shows what is worth it of a change; see the function [Announce].
func (s *Sender) Announce(prev, next runtime.Snapshot) { s.Send(Announce(prev, next)...) }

// Tell shows what came of a click: a line, and a hint that can be empty.
// Neither may hold a token.
func (s *Sender) Tell(short, hint string) {
	s.Send(Announcement{Kind: KindAnswer, Title: short, Body: firstLine(hint), Urgency: Normal})
}

// Send shows announcements.
func (s *Sender) Send(announcements ...Announcement) {
	s.mu.Lock()
	for _, a := range announcements {
		a.Title, a.Body = shown(a.Title), shown(a.Body)
		s.pending = slices.DeleteFunc(s.pending, func(old Announcement) bool { return old.Kind == a.Kind })
		s.pending = append(s.pending, a)
	}
	s.mu.Unlock()
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
		for a, ok := s.next(); ok && ctx.Err() == nil; a, ok = s.next() {
			err := show(ctx, to, a, patience)
			switch {
			case err == nil:
				said = ""
			case ctx.Err() == nil && err.Error() != said:
				said = err.Error()
				s.log.Warn("notifications cannot be shown; the menu says the same", "error", err)
			}
		}
	}
}

func show(ctx context.Context, to server, a Announcement, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return to.show(ctx, a)
}

// next takes the oldest announcement that waits.
func (s *Sender) next() (Announcement, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return Announcement{}, false
	}
	a := s.pending[0]
	s.pending = slices.Delete(s.pending, 0, 1)
	return a, true
}

// shown returns a text as a notification can have it: short, and without what
// a bus refuses.
func shown(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
