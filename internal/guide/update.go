package guide

import (
	"context"
	"net/http"
	"time"

	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// Updates is what the guide needs of a runtime to update its image.
type Updates interface {
	PlanUpdate(ctx context.Context) (runtime.UpdatePlan, error)
	Update(ctx context.Context) error
	UndoUpdate(ctx context.Context) error
}

// shownImage is an image as the page has it. Made is null when that is not known.
type shownImage struct {
	ID      string     `json:"id"`
	Digests []string   `json:"digests"`
	Made    *time.Time `json:"made"`
	Size    int64      `json:"size"`
}

// shownPlan is what an update would change, as the page has it.
type shownPlan struct {
	Image    string         `json:"image"`
	News     runtime.News   `json:"news"`
	Now      *shownImage    `json:"now"`
	Next     *shownImage    `json:"next"`
	Previous *shownImage    `json:"previous"`
	Remote   string         `json:"remote"`
	Why      *actionMessage `json:"why"`
}

// routeUpdate adds the requests of the page about updates of the image.
func (s *session) routeUpdate(mux *http.ServeMux) {
	mux.HandleFunc("POST /update/plan", s.planUpdate)
	mux.HandleFunc("POST /update", s.update)
	mux.HandleFunc("POST /update/undo", s.undoUpdate)
}

func (s *session) planUpdate(w http.ResponseWriter, r *http.Request) {
	p, err := s.guide.Runtime.PlanUpdate(r.Context())
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	shown := shownPlan{
		Image: i18n.Line(p.Image), News: p.News, Now: imageOf(p.Now), Next: imageOf(p.Next), Previous: imageOf(p.Previous), Remote: i18n.Line(p.Remote),
	}
	if p.Why != nil {
		shown.Why = s.guide.messageOf(p.Why)
	}
	s.sendJSON(w, http.StatusOK, shown)
}

// imageOf returns nil for an image that there is not.
func imageOf(i engine.ImageInfo) *shownImage {
	if i.ID == "" {
		return nil
	}
	shown := &shownImage{ID: i18n.Line(i.ID), Digests: []string{}, Size: i.Size}
	for _, d := range i.Digests {
		shown.Digests = append(shown.Digests, i18n.Line(d))
	}
	if !i.Made.IsZero() {
		shown.Made = &i.Made
	}
	return shown
}

func (s *session) update(w http.ResponseWriter, _ *http.Request) {
	s.startWork(w, "update", i18n.T("cli.interruptedUpdate"), func(ctx context.Context, _ func(data.Progress)) (string, error) {
		r := s.guide.Runtime
		before := r.Snapshot().Container
		err := r.Update(ctx)
		switch {
		case err != nil:
			return "", err
		case r.Snapshot().Container == before:
			return i18n.T("cli.newestImage", "runtime", r.Profile().Runtime), nil
		default:
			return i18n.T("work.updated", "runtime", r.Profile().Runtime), nil
		}
	})
}

func (s *session) undoUpdate(w http.ResponseWriter, _ *http.Request) {
	s.startWork(w, "update", i18n.T("cli.interruptedUpdate"), func(ctx context.Context, _ func(data.Progress)) (string, error) {
		if err := s.guide.Runtime.UndoUpdate(ctx); err != nil {
			return "", err
		}
		return i18n.T("cli.earlierImage", "runtime", s.guide.Runtime.Profile().Runtime), nil
	})
}
