// Package notify owns notifications: which change of a runtime is worth one
// (Announce, pure) and how it gets onto the screen (Sender).
//
// It owns no state of a runtime, and no notification is the only carrier of
// anything: the tray's menu says it too. What is announced never holds a token
// nor output of a container.
package notify

import (
	"strings"

	"colabtray/internal/runtime"
)

// Kind is what an announcement is about. A newer one replaces the one of its
// kind on the screen.
type Kind string

// The kinds of announcements.
const (
	KindReady      Kind = "ready"       // the runtime can be used, with the Backend URL as before or a new one
	KindURLChanged Kind = "url-changed" // the Backend URL is another one
	KindFailed     Kind = "failed"      // what was asked for failed, or the runtime does not answer
	KindStopped    Kind = "stopped"     // the runtime ended, and nobody had asked
	KindAnswer     Kind = "answer"      // what came of a click, where nothing else shows it
)

// Urgency tells how much an announcement may disturb.
type Urgency uint8

// The urgencies of announcements.
const (
	Normal   Urgency = iota // goes away by itself
	Critical                // stays until it was seen
)

// Announcement is a notification to be. Title and Body are plain text of one
// line each.
type Announcement struct {
	Kind    Kind
	Title   string
	Body    string
	Urgency Urgency
}

// howToCopy tells where the Backend URL is, which no notification holds.
const howToCopy = "Choose Copy Backend URL in the menu and paste it into Colab."

// Announce returns what a person should be told of the change from one
// snapshot to the next, by the first line that fits:
//
//	no engine                                 nothing
//	a problem that was not there before       failed; stopped, if it was ready
//	not ready                                 nothing
//	ready when we came, or as it was before   the Backend URL, if it changed
//	ready                                     ready, and whether the Backend URL changed
//
// "When we came" is the first snapshot, and the first after a time without an
// engine: what is found then is no news. Snapshots between the two may have
// been missed: newest wins.
func Announce(prev, next runtime.Snapshot) []Announcement {
	coming := prev.Rev == 0 || prev.State == runtime.Unknown || prev.State == runtime.NoEngine
	changed := next.URLChanged
	if prev.State == runtime.Ready {
		changed = prev.URL != next.URL // it stays marked while it is in force
	}
	switch newProblem := next.Problem != nil && !sameProblem(prev, next); {
	case next.State == runtime.NoEngine:
		return nil
	case newProblem && !coming:
		return []Announcement{problem(prev, next)}
	case next.State != runtime.Ready:
		return nil
	case coming && !changed, prev.State == runtime.Ready && !changed:
		return nil
	case coming, prev.State == runtime.Ready:
		return []Announcement{{KindURLChanged, "The Backend URL changed", "Colab needs the new one. " + howToCopy, Normal}}
	case changed:
		return []Announcement{{KindReady, "The runtime is ready, with a new Backend URL", "Colab needs the new one. " + howToCopy, Normal}}
	default:
		return []Announcement{{KindReady, "The runtime is ready", howToCopy, Normal}}
	}
}

// sameProblem reports whether the problem of next was there before. After
// another try, which has none, it counts as new.
func sameProblem(prev, next runtime.Snapshot) bool {
	p, q := prev.Problem, next.Problem
	return p != nil && p.Code == q.Code && p.Short == q.Short
}

// problem announces the problem of next.
func problem(prev, next runtime.Snapshot) Announcement {
	a := Announcement{Kind: KindFailed, Title: next.Problem.Short, Body: firstLine(next.Problem.Hint), Urgency: Normal}
	if prev.State == runtime.Ready && next.State == runtime.Failed {
		a.Kind, a.Urgency = KindStopped, Critical
	}
	return a
}

// firstLine returns the first line of a hint. One that leads up to what the
// container wrote is replaced: that can be anything, and is in the log.
func firstLine(hint string) string {
	line, rest, _ := strings.Cut(hint, "\n")
	if rest != "" && strings.HasSuffix(line, ":") {
		return "Show logs in the menu has its last output."
	}
	return line
}
