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

	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/internal/words"
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
		return words.Say("notify.button.copyURL")
	case OpenColab:
		return words.Say("notify.button.openColab")
	case Start:
		return words.Say("notify.button.start")
	case StartAgain:
		return words.Say("notify.button.startAgain")
	case StartWithoutGPU:
		return words.Say("notify.button.startWithoutGPU")
	case Continue:
		return words.Say("notify.button.continue")
	case Restart:
		return words.Say("notify.button.restart")
	case ShowLogs:
		return words.Say("notify.button.showLogs")
	case KeepRunning:
		return words.Say("notify.button.keepRunning")
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
	news := change(prev, next)
	// A time that is a little off is the same to a person.
	if at := next.IdleStopAt; next.State == runtime.Ready && !at.IsZero() && at.Sub(prev.IdleStopAt).Abs() >= time.Minute {
		news = append(news, IdleStop(next.Profile, at))
	}
	return news
}

// told has the Backend URL that each profile had last: one that is in force again,
// as after a pause, is no new one, though the runtime's snapshot marks it as long
// as it lasts.
type told map[string]jupyter.BackendURL

// unmarked returns a snapshot without the mark of what was told of, and notes the
// Backend URL.
func (t told) unmarked(s runtime.Snapshot) runtime.Snapshot {
	if s.State == runtime.Ready {
		s.URLChanged = s.URLChanged && s.URL != t[s.Profile]
		t[s.Profile] = s.URL
	}
	return s
}

// change announces what has become of a runtime.
func change(prev, next runtime.Snapshot) []Announcement {
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
		a.Kind, a.Title, a.Body = KindURLChanged, words.Say("notify.urlChanged.title"), words.Say("notify.urlChanged.body")
		a.Actions = []Action{CopyURL}
	case changed:
		a.Kind, a.Title, a.Body = KindReady, words.Say("notify.readyChanged.title"), words.Say("notify.urlChanged.body")
		a.Actions = []Action{CopyURL, OpenColab}
	default:
		a.Kind, a.Title, a.Body = KindReady, words.Say("notify.ready.title"), words.Say("notify.ready.body")
		a.Actions = []Action{CopyURL, OpenColab}
	}
	if a.Kind == KindReady || a.Kind == KindURLChanged {
		for _, w := range slices.Backward(next.Warnings) {
			a.Body = words.FullStop(w.Short) + " " + a.Body
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
	case problem.CodeDiedStarting, problem.CodeExited:
		return []Action{StartAgain, ShowLogs}
	case problem.CodeOutOfMemory, problem.CodePortInUse, problem.CodePullFailed, problem.CodeDiskFull,
		problem.CodeFolderMissing, problem.CodeEngineFailed, problem.CodeOccupied, problem.CodeHandmade:
		if !s.State.CanStart() {
			return nil // what failed was no start
		}
		return []Action{StartAgain}
	case problem.CodeGPU:
		return []Action{StartWithoutGPU}
	case problem.CodePaused:
		return []Action{Continue}
	case problem.CodeNoAnswer:
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
		Title:   words.Say("notify.idleStop.title", "time", at.Local().Format("15:04")),
		Body:    words.Say("notify.idleStop.body"),
		Actions: []Action{KeepRunning},
		Profile: profile,
	}
}

// Running answers a person who starts the program a second time: what the
// runtime does, as a snapshot has it.
func Running(s runtime.Snapshot) Announcement {
	a := Announcement{Kind: KindAnswer, Title: words.Say("notify.running.title"), Body: s.Say(runtime.WordSentence)}
	if p := s.Problem; p != nil && s.State == runtime.Failed {
		a.Body = words.FullStop(p.Short)
	}
	return a
}

// outdated returns the kinds of announcements that no longer hold of a runtime,
// and whose buttons would ask for what makes no sense.
func outdated(s runtime.Snapshot) []Kind {
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
		return words.Say("notify.lastOutput")
	}
	return line
}
