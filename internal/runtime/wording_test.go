package runtime

import (
	"slices"
	"strings"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// TestStatesInWords holds that each state is in each wording, with nothing left in
// braces, and that each text for a state is said.
func TestStatesInWords(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	at := time.Date(2026, 11, 25, 18, 30, 0, 0, time.Local)
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		unsaid := i18n.Table("state")
		for _, as := range []Wording{WordTitle, WordHint, WordStatus, WordShort, WordSince, WordSentence} {
			for _, state := range States() {
				plain := Snapshot{State: state, Since: at, Engine: engine.Info{Name: "Podman"}, Image: "image", Port: 8888}
				idle, stopped, changed, pulling := plain, plain, plain, plain
				idle.IdleStopAt, stopped.IdleStopped, changed.URLChanged, pulling.Progress = at, true, true, engine.Progress{Layers: 9}
				idleGPU, stoppedGPU := idle, stopped
				idleGPU.FreesGPU, stoppedGPU.FreesGPU = true, true
				all := []Snapshot{plain, idle, stopped, idleGPU, stoppedGPU, changed, pulling}
				for what := range waitDetails {
					waiting := plain
					waiting.Waiting.For = what
					all = append(all, waiting)
				}
				for _, s := range all {
					message := s.Say(as)
					if strings.ContainsAny(message, "{}") {
						t.Errorf("%s: a state is %q", language, message)
					}
					if message == "" && !(as == WordShort && slices.Contains([]State{Unknown, NoEngine}, state)) {
						t.Errorf("%s: there is no %s of %s", language, as, state)
					}
					for _, kind := range append(s.details(), "") {
						delete(unsaid, string(as)+"."+state.String()+kind)
					}
				}
			}
		}
		lost := Snapshot{State: Ready, Reconnecting: at, Engine: engine.Info{Machine: "gpubox"}}
		for as := range i18n.Table("reconnecting") {
			if message := lost.Say(Wording(as)); message == "" || strings.ContainsAny(message, "{}") {
				t.Errorf("%s: reconnecting is %q", language, message)
			}
		}
		if len(unsaid) > 0 {
			t.Errorf("%s: no state says %v", language, unsaid)
		}
	}
}

func TestSay(t *testing.T) {
	at := time.Date(2026, 11, 25, 18, 30, 0, 0, time.Local)
	for want, s := range map[string]Snapshot{
		"Stopped": {State: Stopped, Since: at},
		"Stopped at 18:30, because nothing used it":           {State: Stopped, Since: at, IdleStopped: true},
		"Ready on port 8888, with a new Backend URL":          {State: Ready, Port: 8888, URLChanged: true},
		"Ready on port 8888, and not used: it stops at 18:30": {State: Ready, Port: 8888, URLChanged: true, IdleStopAt: at},
		"Pulling the image…":                                  {State: Pulling},
		"Pulling the image: 1 of 5 layers":                    {State: Pulling, Progress: engine.Progress{LayersDone: 1, Layers: 5}},
		"Pulling the image: 2.3 of 12.3 GB, 4 of 40 layers":   {State: Pulling, Progress: engine.Progress{LayersDone: 4, Layers: 40, Bytes: 2_345_000_000, Total: 12_300_000_000}},
		"Waiting: no GPU free, since 18:30 (on lab)":          {State: Waiting, Since: at, Waiting: engine.Waiting{For: engine.WaitingForGPU}, Engine: engine.Info{Machine: "lab"}},
		"Waiting since 18:30":                                 {State: Waiting, Since: at},
		"Starting: getting the image…":                        {State: Starting, Waiting: engine.Waiting{For: engine.WaitingForImage}},
		"Ready on port 8888 (on gpubox)":                      {State: Ready, Port: 8888, Engine: engine.Info{Machine: "gpubox"}},
		"Reconnecting to gpubox since 18:30":                  {State: Ready, Reconnecting: at, Engine: engine.Info{Machine: "gpubox"}},
		"Starting…":                                           {State: Starting, Engine: engine.Info{Machine: "127.0.0.1"}},
	} {
		if got := s.Say(WordStatus); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}

// TestProgressInWords: what is not known is not said to be nothing.
func TestProgressInWords(t *testing.T) {
	const mega = 1_000_000
	for want, p := range map[string]engine.Progress{
		"120 of 512 MB, 3 of 9 layers": {LayersDone: 3, Layers: 9, Bytes: 120_400_000, Total: 511_900_000},
		"0 of 9 layers":                {Layers: 9}, // only listed
		"9 of 9 layers":                {LayersDone: 9, Layers: 9},
		"0 of 1 MB, 1 of 2 layers":     {LayersDone: 1, Layers: 2, Bytes: 1000, Total: 3000},
		"2 of 2 MB, 2 of 2 layers":     {LayersDone: 2, Layers: 2, Bytes: 3 * mega, Total: 2 * mega},
	} {
		if got := p.Words(); got != want {
			t.Errorf("%+v: %q, not %q", p, got, want)
		}
	}
}
