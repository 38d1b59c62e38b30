package guide

import (
	"context"
	"net/http"
	"slices"

	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// actButton is a button of the page that does something about a problem.
type actButton struct {
	Act   string `json:"act"`
	Label string `json:"label"`
}

// plain are the acts that have a button of their own on the page.
var plain = []problem.ActName{problem.ActStart, problem.ActContinue, problem.ActRestart, problem.ActUpdate}

// acts returns the acts that the page offers for a snapshot beside its own buttons.
func (g *Guide) acts(s runtime.Snapshot) []problem.Act {
	return slices.DeleteFunc(s.Acts(), func(a problem.Act) bool {
		return g.Acts == nil || !g.Acts(a) || slices.Contains(plain, a.Name)
	})
}

func (g *Guide) actButtons(s runtime.Snapshot) []actButton {
	buttons := []actButton{}
	for _, a := range g.acts(s) {
		buttons = append(buttons, actButton{a.String(), a.Label()})
	}
	return buttons
}

// act carries out an act that is offered at the moment.
func (s *session) act(w http.ResponseWriter, r *http.Request) {
	g := s.guide
	a := problem.ParseAct(r.URL.Query().Get("act"))
	if !slices.Contains(g.acts(g.Runtime.Snapshot()), a) {
		http.Error(w, "not offered", http.StatusConflict)
		return
	}
	g.runDetached(func(ctx context.Context) error {
		if asked := a.Asked(); asked != "" {
			g.publish(&actionMessage{Short: asked})
		}
		return g.Act(ctx, a)
	})
	w.WriteHeader(http.StatusAccepted)
}
