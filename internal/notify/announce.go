// Package notify owns notifications: which change of a runtime is worth one
// (Announce, pure) and how it gets onto the screen (Sender).
//
// It owns no state of a runtime, and no notification is the only carrier of
// anything: the tray's menu says it too. What is announced never holds a token
// nor output of a container.
package notify

import (
	"slices"
	"strings"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
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
	KindIdleStop   Kind = "idle-stop"   // the runtime will be stopped soon, since nothing uses it
	KindProgress   Kind = "progress"    // how far a long pull is
	KindAnswer     Kind = "answer"      // what came of a click, where nothing else shows it
)

// Kinds lists the kinds of announcements, for a setting that names them.
func Kinds() []Kind {
	return []Kind{KindReady, KindURLChanged, KindFailed, KindStopped, KindIdleStop, KindProgress, KindAnswer}
}

// Urgency tells how much an announcement may disturb.
type Urgency uint8

// The urgencies of announcements.
const (
	Normal   Urgency = iota // goes away by itself
	Low                     // need not be seen
	Critical                // stays until it was seen
)

// Action is what a button of an announcement asks for.
type Action string

// The actions, which can be asked for long after the announcement: whoever does
// them looks at what is so by then.
const (
	CopyURL         Action = "copy-url"
	OpenColab       Action = "open-colab"
	Start           Action = "start"
	StartAgain      Action = "start-again" // as Start, after it failed
	StartWithoutGPU Action = "start-without-gpu"
	Continue        Action = "continue" // what is paused
	Restart         Action = "restart"
	ShowLogs        Action = "logs"
	KeepRunning     Action = "keep-running"
)

// label is what a button says.
func label(action Action) string {
	switch action {
	case CopyURL:
		return i18n.T("notify.button.copyURL")
	case OpenColab:
		return i18n.T("notify.button.openColab")
	case Start:
		return i18n.T("notify.button.start")
	case StartAgain:
		return i18n.T("notify.button.startAgain")
	case StartWithoutGPU:
		return i18n.T("notify.button.startWithoutGPU")
	case Continue:
		return i18n.T("notify.button.continue")
	case Restart:
		return i18n.T("notify.button.restart")
	case ShowLogs:
		return i18n.T("notify.button.showLogs")
	case KeepRunning:
		return i18n.T("notify.button.keepRunning")
	default:
		return string(action)
	}
}

// Announcement is a notification to be. Title and Body are plain text of one
// line each.
type Announcement struct {
	Kind    Kind
	Title   string
	Body    string
	Urgency Urgency
	// Actions are the buttons, most useful first; they are left out where the
	// desktop has none.
	Actions []Action
	// Profile is the profile of the runtime that it is about; empty for none.
	Profile string
	// Percent is how much is done of what goes on, 1 to 100; 0 is not told.
	Percent int
}

// Announce returns what a person should be told of the change from one
// snapshot to the next, by the first line that fits:
//
//	no engine                                 nothing
//	a problem that was not there before       failed; stopped, if it ran
//	not ready                                 nothing
//	ready when we came, or as it was before   the Backend URL, if it changed
//	ready                                     ready, and whether the Backend URL changed
//
// and besides, of a ready runtime, that it will be stopped soon.
//
// "When we came" is the first snapshot, and the first after a time without an
// engine: what is found then is no news. Snapshots between the two may have
// been missed: newest wins.
func Announce(prev, next runtime.Snapshot) []Announcement {
	announcements := stateAnnouncements(prev, next)
	// A time that is a little off is the same to a person.
	if at := next.IdleStopAt; next.State == runtime.Ready && !at.IsZero() && at.Sub(prev.IdleStopAt).Abs() >= time.Minute {
		announcements = append(announcements, IdleStop(next.Profile, at))
	}
	return announcements
}

// lastURLs has the Backend URL that each profile had last: one that is in force again,
// as after a pause, is no new one, though the runtime's snapshot marks it as long
// as it lasts.
type lastURLs map[string]jupyter.BackendURL

// withoutKnownURL returns a snapshot without the mark of what was told of, and notes the
// Backend URL.
func (t lastURLs) withoutKnownURL(s runtime.Snapshot) runtime.Snapshot {
	if s.State == runtime.Ready {
		s.URLChanged = s.URLChanged && s.URL != t[s.Profile]
		t[s.Profile] = s.URL
	}
	return s
}

// stateAnnouncements announces what has become of a runtime.
func stateAnnouncements(prev, next runtime.Snapshot) []Announcement {
	coming := prev.Rev == 0 || prev.State == runtime.Unknown || prev.State == runtime.NoEngine
	changed := next.URLChanged
	if prev.State == runtime.Ready {
		changed = prev.URL != next.URL // it stays marked while it is in force
	}
	a := Announcement{Profile: next.Profile}
	switch newProblem := next.Problem != nil && !sameProblem(prev, next); {
	case next.State == runtime.NoEngine:
		return nil
	case newProblem && !coming:
		a = problemAnnouncement(prev, next)
	case next.State != runtime.Ready:
		return nil
	case coming && !changed, prev.State == runtime.Ready && !changed:
		return nil
	case coming, prev.State == runtime.Ready:
		a.Kind, a.Title, a.Body = KindURLChanged, i18n.T("notify.urlChanged.title"), i18n.T("notify.urlChanged.body")
		a.Actions = []Action{CopyURL}
	case changed:
		a.Kind, a.Title, a.Body = KindReady, i18n.T("notify.readyChanged.title"), i18n.T("notify.urlChanged.body")
		a.Actions = []Action{CopyURL, OpenColab}
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

// sameProblem reports whether the problem of next was there before. After
// another try, which has none, it counts as new.
func sameProblem(prev, next runtime.Snapshot) bool {
	p, q := prev.Problem, next.Problem
	return p != nil && p.Code == q.Code && p.Short == q.Short
}

// problemAnnouncement announces the problem of next.
func problemAnnouncement(prev, next runtime.Snapshot) Announcement {
	a := Announcement{
		Kind: KindFailed, Title: next.Problem.Short, Body: firstLine(next.Problem.Hint),
		Actions: remedy(next), Profile: next.Profile,
	}
	if next.State == runtime.Failed && prev.State.Runs() && prev.State != runtime.Starting {
		a.Kind, a.Urgency = KindStopped, Critical
		a.Actions = []Action{Start, ShowLogs}
	}
	return a
}

// remedy returns what can be clicked about the problem of a snapshot: what its
// hint says, as far as the program can do it.
func remedy(s runtime.Snapshot) []Action {
	switch s.Problem.Code {
	case problem.DiedStarting, problem.Exited:
		return []Action{StartAgain, ShowLogs}
	case problem.OutOfMemory, problem.PortInUse, problem.PullFailed, problem.DiskFull,
		problem.FolderMissing, problem.EngineFailed, problem.Occupied, problem.Handmade:
		if !s.State.CanStart() {
			return nil // what failed was no start
		}
		return []Action{StartAgain}
	case problem.GPU:
		return []Action{StartWithoutGPU}
	case problem.Paused:
		return []Action{Continue}
	case problem.NoAnswer:
		return []Action{Restart, ShowLogs}
	default:
		return nil
	}
}

// IdleStop announces that a runtime will be stopped at that time, unless its
// person wants it to go on.
func IdleStop(profile string, at time.Time) Announcement {
	return Announcement{
		Kind:    KindIdleStop,
		Title:   i18n.T("notify.idleStop.title", "time", at.Local().Format("15:04")),
		Body:    i18n.T("notify.idleStop.body"),
		Actions: []Action{KeepRunning},
		Profile: profile,
	}
}

// Running answers a person who starts the program a second time: what the
// runtime does, as a snapshot has it.
func Running(s runtime.Snapshot) Announcement {
	a := Announcement{Kind: KindAnswer, Title: i18n.T("notify.running.title"), Body: s.Say(runtime.WordSentence)}
	if p := s.Problem; p != nil && s.State == runtime.Failed {
		a.Body = i18n.FullStop(p.Short)
	}
	return a
}

// staleKinds returns the kinds of announcements that no longer hold of a runtime,
// and whose buttons would ask for what makes no sense.
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
	return kinds
}

// firstLine returns the first line of a hint. One that leads up to what the
// container wrote is replaced: that can be anything, and is in the log.
func firstLine(hint string) string {
	line, rest, _ := strings.Cut(hint, "\n")
	if rest != "" && strings.HasSuffix(line, ":") {
		return i18n.T("notify.lastOutput")
	}
	return line
}
