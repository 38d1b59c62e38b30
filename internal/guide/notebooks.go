package guide

import (
	"net/http"

	"colabtray/internal/colab"
	"colabtray/internal/i18n"
)

// notebooks sends the notebooks that were opened last.
func (s *session) notebooks(w http.ResponseWriter, _ *http.Request) {
	s.sendJSON(w, http.StatusOK, append([]colab.Notebook{}, s.guide.Recent.List()...))
}

// notebook sends the notebook at the address in the query and remembers it, or why Colab
// cannot open it.
func (s *session) notebook(w http.ResponseWriter, r *http.Request) {
	n, err := colab.ParseNotebook(r.URL.Query().Get("address"))
	if err != nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(i18n.FullStop(err.Error())))
		return
	}
	if err := s.guide.Recent.Add(n); err != nil {
		s.guide.Log.Warn("guide: the notebook is not remembered", "error", err)
	}
	s.sendJSON(w, http.StatusOK, n)
}

func (s *session) forgetNotebooks(w http.ResponseWriter, r *http.Request) {
	if err := s.guide.Recent.Forget(); err != nil {
		s.guide.Log.Warn("guide: the notebooks are not forgotten", "error", err)
	}
	s.notebooks(w, r)
}
