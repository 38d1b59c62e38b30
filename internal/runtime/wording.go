package runtime

import (
	"time"

	"colabtray/internal/i18n"
)

// Wording is a way to put a state into words: each has a table of texts,
// state.WORDING, by the names of the states.
type Wording string

// The wordings.
const (
	WordTitle    Wording = "title"    // a word or two, as a heading
	WordHint     Wording = "hint"     // what it means for the person, below the heading
	WordStatus   Wording = "status"   // a line of its own, as short as can be
	WordShort    Wording = "short"    // behind a name and a colon
	WordSince    Wording = "since"    // likewise, and since when it is so
	WordSentence Wording = "sentence" // a whole sentence
)

// Say puts the state into words, with what else is known of it where the wording
// has a text for that. It is empty where the wording says nothing of the state.
func (s Snapshot) Say(as Wording) string {
	name := "state." + string(as) + "." + s.State.String()
	for _, kind := range append(s.kinds(), "") {
		if i18n.Has(name + kind) {
			return i18n.T("state."+string(as)+"."+s.State.String()+kind, s.values()...)
		}
	}
	return ""
}

// kinds are the ends of names of texts that say more of a state.
func (s Snapshot) kinds() (kinds []string) {
	if s.IdleStopped || !s.IdleStopAt.IsZero() {
		kinds = append(kinds, "Idle")
	}
	if s.URLChanged {
		kinds = append(kinds, "Changed")
	}
	if s.Progress.Layers > 0 {
		kinds = append(kinds, "Progress")
	}
	return kinds
}

// values are what those texts can have in braces.
func (s Snapshot) values() []any {
	return []any{
		"engine", s.Engine.Name, "image", s.Image, "port", s.Port, "progress", s.Progress.Words(),
		"since", s.Since.Local().Format(time.DateTime), "at", s.Since.Local().Format("15:04"), "stopAt", s.IdleStopAt.Local().Format("15:04"),
	}
}
