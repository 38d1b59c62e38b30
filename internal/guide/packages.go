package guide

import (
	"context"
	"errors"
	"net/http"

	"colabtray/internal/i18n"
	"colabtray/internal/packages"
	"colabtray/internal/problem"
)

// maxNames limits the packages that one request keeps.
const maxNames = 100

// packagesAnswer answers both requests about packages.
type packagesAnswer struct {
	packages.List
	// ToKeep is how many packages are worth keeping.
	ToKeep  int            `json:"toKeep"`
	Problem *actionMessage `json:"problem,omitempty"`
}

// packages lists the packages that the container has and its image has not.
func (s *session) packages(w http.ResponseWriter, r *http.Request) {
	s.answerPackages(w, r, func(context.Context) error { return nil })
}

// keepPackages writes packages into the settings, those of ?name= or all, and lists
// what there is then.
func (s *session) keepPackages(w http.ResponseWriter, r *http.Request) {
	names := r.URL.Query()["name"]
	if len(names) > maxNames {
		http.Error(w, "too many names", http.StatusBadRequest)
		return
	}
	s.answerPackages(w, r, func(ctx context.Context) error { return s.guide.KeepPackages(ctx, names) })
}

func (s *session) answerPackages(w http.ResponseWriter, r *http.Request, first func(context.Context) error) {
	ctx, cancel := context.WithTimeout(r.Context(), reportTime)
	defer cancel()
	var answer packagesAnswer
	err := first(ctx)
	if err == nil {
		answer.List, err = s.guide.Packages(ctx)
	}
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		answer.Problem = &actionMessage{p.Short, p.Hint, p.Command}
	case err != nil:
		s.guide.Log.Warn("guide: packages", "error", err)
		answer.Problem = &actionMessage{Short: i18n.T("guide.failed")}
	}
	answer.ToKeep = len(answer.List.ToKeep())
	w.Header().Set("Content-Type", "application/json")
	text, _ := i18n.JSON(answer) // never fails for such a value
	_, _ = w.Write(text)
}
