// Package notify owns notifications: which changes of a runtime are worth one
// (Announce, pure), and how a notification gets onto the screen (Sender).
//
// It owns no state of a runtime. A notification is never the only carrier of a
// message: the tray's menu shows it, too. A notification never contains a token or
// output of a container.
package notify

import (
	"slices"
	"strings"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Kind is the subject of an announcement. A new announcement replaces the one of the
// same kind and profile on the screen.
type Kind string

// The kinds of announcements.
const (
	KindReady      Kind = "ready"       // the runtime can be used, with the Backend URL as before or a new one
	KindURLChanged Kind = "url-changed" // the Backend URL has changed
	KindFailed     Kind = "failed"      // an action failed, or the runtime does not answer
	KindStopped    Kind = "stopped"     // the runtime ended unexpectedly
	KindIdleStop   Kind = "idle-stop"   // the runtime will be stopped soon, since nothing uses it
	KindNewerImage Kind = "newer-image" // the registry has a newer image
	KindProgress   Kind = "progress"    // the progress of a long pull
	KindAnswer     Kind = "answer"      // the result of a click, where nothing else shows it
)

// Kinds returns all kinds of announcements, for a setting that names them.
func Kinds() []Kind {
	return []Kind{KindReady, KindURLChanged, KindFailed, KindStopped, KindIdleStop, KindNewerImage, KindProgress, KindAnswer}
}

// Urgency is how much an announcement may disturb.
type Urgency uint8

// The urgencies of announcements.
const (
	Normal   Urgency = iota // disappears by itself
	Low                     // need not be noticed
	Critical                // stays until the person dismisses it
)

// Action is the action of a button of an announcement. A button can be clicked long
// after the announcement, so whoever carries out an action must look at the present
// state.
type Action = problem.Act

// The actions of announcements that are not about a problem.
var (
	CopyURL     = Action{Name: problem.ActCopyURL}
	OpenColab   = Action{Name: problem.ActOpenColab}
	Start       = Action{Name: problem.ActStart}
	ShowLogs    = Action{Name: problem.ActShowLogs}
	KeepRunning = Action{Name: problem.ActKeepRunning}
	Update      = Action{Name: problem.ActUpdate}
)

// maxActions is the number of buttons that a notification has room for.
const maxActions = 2

// Announcement is the content of a notification. Title and Body are plain text of
// one line each.
type Announcement struct {
	Kind    Kind
	Title   string
	Body    string
	Urgency Urgency
	// Actions are the buttons, most useful first. They are left out where the
	// desktop has no buttons.
	Actions []Action
	// Profile is the profile of the runtime in question; empty for none.
	Profile string
	// Percent is the progress from 1 to 100; 0 means unknown.
	Percent int
}

// Announce returns the announcements for the change from one snapshot to the next.
// The first line that fits counts:
//
//	no engine                         nothing
//	a new problem                     failed, or stopped if the runtime ran
//	not ready                         nothing
//	ready, in a first snapshot        the Backend URL, if it changed
//	ready, as in prev                 the Backend URL, if it changed
//	ready, after it had waited        ready, and what for
//	ready, for Colab asked for it     ready, and why
//	ready                             ready, and whether the Backend URL changed
//
// In addition it announces that a ready runtime will be stopped soon, and that there is
// a newer image.
//
// A first snapshot is the first of all, or the first after a time without an engine:
// what it shows is not news. Snapshots between prev and next may have been missed.
func Announce(prev, next runtime.Snapshot) []Announcement {
	announcements := stateAnnouncements(prev, next)
	// A change of less than a minute does not matter to a person.
	if at := next.IdleStopAt; next.State == runtime.Ready && !at.IsZero() && at.Sub(prev.IdleStopAt).Abs() >= time.Minute {
		announcements = append(announcements, IdleStop(next, at))
	}
	if next.NewerImageIsNews && (next.NewerImage != prev.NewerImage || !prev.NewerImageIsNews) {
		announcements = append(announcements, newerImage(next.Profile))
	}
	return announcements
}

// lastURLs has the last Backend URL of each profile. Snapshots carry URLChanged for
// as long as the runtime has that URL; but a URL that returns, as after a pause, must
// not be announced again.
type lastURLs map[string]jupyter.BackendURL

// withoutKnownURL remembers the Backend URL of a snapshot, and returns the snapshot
// without URLChanged if the URL was known already.
func (urls lastURLs) withoutKnownURL(s runtime.Snapshot) runtime.Snapshot {
	if s.State == runtime.Ready {
		s.URLChanged = s.URLChanged && s.URL != urls[s.Profile]
		urls[s.Profile] = s.URL
	}
	return s
}

// stateAnnouncements returns the announcement for a change of state, if any.
func stateAnnouncements(prev, next runtime.Snapshot) []Announcement {
	first := prev.Rev == 0 || prev.State == runtime.Unknown || prev.State == runtime.NoEngine
	changed := next.URLChanged
	if prev.State == runtime.Ready {
		changed = prev.URL != next.URL // URLChanged may be from an earlier change
	}
	a := Announcement{Profile: next.Profile}
	switch newProblem := next.Problem != nil && !sameProblem(prev, next); {
	case next.State == runtime.NoEngine:
		return nil
	case newProblem && !first:
		a = problemAnnouncement(prev, next)
	case next.State != runtime.Ready:
		return nil
	case first && !changed, prev.State == runtime.Ready && !changed:
		return nil
	case first, prev.State == runtime.Ready:
		a.Kind, a.Title, a.Body = KindURLChanged, i18n.T("notify.urlChanged.title"), i18n.T("notify.urlChanged.body")
		a.Actions = []Action{CopyURL}
	case changed:
		a.Kind, a.Title, a.Body = KindReady, i18n.T("notify.readyChanged.title"), i18n.T("notify.urlChanged.body")
		a.Actions = []Action{CopyURL, OpenColab}
	case next.Waited.For == engine.WaitingForGPU || next.Waited.For == engine.WaitingForRoom:
		a.Kind, a.Title = KindReady, i18n.T("notify.waited.title")
		if next.Waited.For == engine.WaitingForGPU {
			a.Title = i18n.T("notify.waited.titleGPU")
		}
		a.Body = i18n.T("notify.waited.body", "since", next.Waited.Since.Local().Format("15:04"))
		a.Actions = []Action{CopyURL, OpenColab}
	case next.Woken:
		a.Kind, a.Title, a.Body = KindReady, i18n.T("notify.woken.title"), i18n.T("notify.woken.body")
	default:
		a.Kind, a.Title, a.Body = KindReady, i18n.T("notify.ready.title"), i18n.T("notify.ready.body")
		a.Actions = []Action{CopyURL, OpenColab}
	}
	if a.Kind == KindReady || a.Kind == KindURLChanged {
		for _, w := range slices.Backward(next.Warnings) {
			a.Body = i18n.FullStop(w.Short) + " " + a.Body
		}
	}
	return []Announcement{a}
}

// sameProblem reports whether prev has the problem of next already. The same problem
// after another attempt counts as new, because snapshots of an attempt have none.
func sameProblem(prev, next runtime.Snapshot) bool {
	p, q := prev.Problem, next.Problem
	return p != nil && p.Code == q.Code && p.Short == q.Short
}

// problemAnnouncement returns the announcement of the problem of next.
func problemAnnouncement(prev, next runtime.Snapshot) Announcement {
	a := Announcement{
		Kind: KindFailed, Title: next.Problem.Short, Body: firstLine(next.Problem.Hint),
		Actions: firstActs(next.Acts()), Profile: next.Profile,
	}
	if next.State == runtime.Failed && prev.State.Runs() && prev.State != runtime.Starting && prev.State != runtime.Waiting {
		a.Kind, a.Urgency = KindStopped, Critical
		a.Actions = []Action{Start, ShowLogs}
	}
	return a
}

// firstActs returns the acts that a notification has room for.
func firstActs(acts []problem.Act) []Action {
	if len(acts) == 0 {
		return nil
	}
	return acts[:min(len(acts), maxActions)]
}

// IdleStop announces that a runtime will be stopped at a time, unless the person
// keeps it running.
func IdleStop(s runtime.Snapshot, at time.Time) Announcement {
	a := Announcement{
		Kind:    KindIdleStop,
		Title:   i18n.T("notify.idleStop.title", "time", at.Local().Format("15:04")),
		Body:    i18n.T("notify.idleStop.body"),
		Actions: []Action{KeepRunning},
		Profile: s.Profile,
	}
	if s.FreesGPU {
		a.Body = i18n.T("notify.idleStop.bodyGPU")
	}
	return a
}

// newerImage announces that a registry has a newer image.
func newerImage(profile string) Announcement {
	return Announcement{
		Kind:    KindNewerImage,
		Title:   i18n.T("notify.newerImage.title"),
		Body:    i18n.T("notify.newerImage.body"),
		Urgency: Low,
		Actions: []Action{Update},
		Profile: profile,
	}
}

// Running answers a second start of the program: it says that the program runs, and
// the state of the runtime.
func Running(s runtime.Snapshot) Announcement {
	a := Announcement{Kind: KindAnswer, Title: i18n.T("notify.running.title"), Body: s.Say(runtime.WordSentence)}
	if p := s.Problem; p != nil && s.State == runtime.Failed {
		a.Body = i18n.FullStop(p.Short)
	}
	return a
}

// staleKinds returns the kinds of announcements that are no longer true of a runtime,
// and whose buttons make no sense any more.
func staleKinds(s runtime.Snapshot) []Kind {
	var kinds []Kind
	if s.State != runtime.Ready {
		kinds = append(kinds, KindReady, KindURLChanged)
	}
	if s.IdleStopAt.IsZero() || s.State != runtime.Ready {
		kinds = append(kinds, KindIdleStop)
	}
	if s.Problem == nil {
		kinds = append(kinds, KindFailed, KindStopped)
	}
	if s.State != runtime.Pulling {
		kinds = append(kinds, KindProgress)
	}
	if s.NewerImage == "" {
		kinds = append(kinds, KindNewerImage)
	}
	return kinds
}

// firstLine returns the first line of a hint. A line that introduces the container's
// output, which ends in a colon, is replaced by one that points to the log: that
// output can be anything.
func firstLine(hint string) string {
	line, rest, _ := strings.Cut(hint, "\n")
	if rest != "" && strings.HasSuffix(line, ":") {
		return i18n.T("notify.lastOutput")
	}
	return line
}
