package runtime

import (
	"cmp"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// Wording is a form of the message for a state. The messages of a wording are in the
// table state.WORDING, by the names of the states.
type Wording string

// The wordings.
const (
	WordTitle    Wording = "title"    // one or two words, for a heading
	WordHint     Wording = "hint"     // what the state means for the person, below the heading
	WordStatus   Wording = "status"   // a short line of its own
	WordShort    Wording = "short"    // after a name and a colon
	WordSince    Wording = "since"    // like short, with the time since when
	WordSentence Wording = "sentence" // a whole sentence
)

// Say returns the message for the snapshot's state. If the wording has a message for
// a detail of the snapshot, such as the progress of a pull, Say returns that message.
// It is empty if the wording has no message for the state.
func (s Snapshot) Say(as Wording) string {
	if !s.Reconnecting.IsZero() {
		return i18n.T("reconnecting."+string(as), s.values()...)
	}
	name := "state." + string(as) + "." + s.State.String()
	for _, detail := range append(s.details(), "") {
		if i18n.Has(name + detail) {
			text := i18n.T("state."+string(as)+"."+s.State.String()+detail, s.values()...)
			if as == WordStatus || as == WordShort || as == WordSince {
				text = s.WithMachine(text)
			}
			return text
		}
	}
	return ""
}

// WithMachine adds to a short text about the runtime on which machine it is, unless that
// is this computer.
func (s Snapshot) WithMachine(text string) string {
	machine := s.Engine.Elsewhere()
	if machine == "" {
		return text
	}
	return i18n.T("machine.on", "text", text, "machine", i18n.Line(machine))
}

// waitDetails are the suffixes of messages for what a container waits for.
var waitDetails = map[engine.WaitingFor]string{
	engine.WaitingForGPU:    "GPU",
	engine.WaitingForRoom:   "Room",
	engine.WaitingForVolume: "Volume",
	engine.WaitingForImage:  "Image",
	engine.WaitingForData:   "Data",
}

// details returns the suffixes of the keys of more detailed messages.
func (s Snapshot) details() (details []string) {
	if detail := waitDetails[s.Waiting.For]; detail != "" {
		details = append(details, detail)
	}
	if idle := s.IdleStopped || !s.IdleStopAt.IsZero(); idle && s.FreesGPU {
		details = append(details, "IdleGPU", "Idle")
	} else if idle {
		details = append(details, "Idle")
	}
	if s.URLChanged {
		details = append(details, "Changed")
	}
	if s.Progress.Layers > 0 {
		details = append(details, "Progress")
	}
	return details
}

// values returns the values for the placeholders of the messages.
func (s Snapshot) values() []any {
	return []any{
		"engine", s.Engine.Name, "image", s.Image, "port", s.Port, "progress", s.Progress.Words(),
		"machine", i18n.Line(cmp.Or(s.Engine.Elsewhere(), s.Engine.Name)), "lost", s.Reconnecting.Local().Format("15:04"),
		"since", s.Since.Local().Format(time.DateTime), "at", s.Since.Local().Format("15:04"), "stopAt", s.IdleStopAt.Local().Format("15:04"),
	}
}

// StartProgress returns how far a start is that is under way, as far as the state does
// not say it: since when, how long the last one took, and what the engine says itself.
// It is empty in states in which none is.
func (s Snapshot) StartProgress() string {
	switch {
	case s.State.is(Waiting, Starting) && s.Waiting.Said != "":
		return engineSays(s.Engine, s.Waiting.Said)
	case s.State != Starting:
		return ""
	}
	since := s.Since.Local().Format(time.TimeOnly)
	if s.LastStart > 0 {
		return i18n.T("startProgress.beganLast", "since", since, "seconds", int(s.LastStart.Seconds()))
	}
	return i18n.T("startProgress.began", "since", since)
}

// engineSays tells in one line what an engine says itself, which can be anything.
func engineSays(e engine.Info, said string) string {
	const most = 300
	return i18n.T("problem.engineSaysSo", "engine", e.Name, "said", i18n.FullStop(i18n.FirstUnits(i18n.Line(said), most)))
}

// About returns what a built-in profile is, and how much it downloads; empty for a
// profile of the person's own.
func (s Snapshot) About() string {
	return config.Profile{Name: s.Profile, Image: s.Image}.About()
}
