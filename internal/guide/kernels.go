package guide

import (
	"context"
	"net/http"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// Kernels is what the guide needs of a runtime to show its kernels.
type Kernels interface {
	Kernels(ctx context.Context) ([]runtime.Kernel, error)
	ShutdownKernel(ctx context.Context, id string) (runtime.Kernel, error)
	ShutdownIdleKernels(ctx context.Context) ([]runtime.Kernel, error)
}

// kernelsAnswer has the kernels there are, and what was freed, for people.
type kernelsAnswer struct {
	Kernels []shownKernel `json:"kernels"`
	Freed   string        `json:"freed,omitempty"`
}

type shownKernel struct {
	runtime.Kernel
	Title string `json:"title"` // the state for people
}

// routeKernels adds the requests of the page about kernels.
func (s *session) routeKernels(mux *http.ServeMux) {
	kernels := s.guide.Runtime
	mux.HandleFunc("GET /kernels", func(w http.ResponseWriter, r *http.Request) { s.answerKernels(w, r, "") })
	mux.HandleFunc("POST /kernels/shutdown", func(w http.ResponseWriter, r *http.Request) {
		one, err := kernels.ShutdownKernel(r.Context(), r.URL.Query().Get("id"))
		s.answerFreed(w, r, []runtime.Kernel{one}, err)
	})
	mux.HandleFunc("POST /kernels/shutdown-idle", func(w http.ResponseWriter, r *http.Request) {
		freed, err := kernels.ShutdownIdleKernels(r.Context())
		s.answerFreed(w, r, freed, err)
	})
}

func (s *session) answerFreed(w http.ResponseWriter, r *http.Request, freed []runtime.Kernel, err error) {
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	s.answerKernels(w, r, runtime.FreedText(freed))
}

func (s *session) answerKernels(w http.ResponseWriter, r *http.Request, freed string) {
	all, err := s.guide.Runtime.Kernels(r.Context())
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	shown := []shownKernel{}
	for _, k := range all {
		shown = append(shown, shownKernel{k, i18n.T("kernels.state." + k.State)})
	}
	s.sendJSON(w, http.StatusOK, kernelsAnswer{shown, freed})
}
