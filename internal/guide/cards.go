package guide

import (
	"errors"
	"net/http"

	"colabtray/internal/engine"
)

// cards sends the graphics cards of the other machine that the runtime is on, or null where
// only its engine can be asked. What this computer has is measured: see [Options.GPU].
func (s *session) cards(w http.ResponseWriter, r *http.Request) {
	cards, err := s.guide.Runtime.CardsThere(r.Context())
	switch {
	case errors.Is(err, engine.ErrLacks):
		s.sendJSON(w, http.StatusOK, nil)
	case err != nil:
		s.guide.Log.Warn("guide: the graphics cards of the engine's machine are not known", "error", err)
		http.Error(w, "not known", http.StatusBadGateway)
	default:
		s.sendJSON(w, http.StatusOK, append([]string{}, cards...))
	}
}
