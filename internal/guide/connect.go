package guide

import (
	"context"
	"net/http"
	"strconv"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/runtime"
)

// Connecting is what the page "Connect" needs besides the runtime.
type Connecting interface {
	// DefaultBrowser returns the family of the browser that opens web pages, "" where
	// it is not known.
	DefaultBrowser(ctx context.Context) string
	// Notice returns what else there is to know of this computer, "" where there is nothing.
	Notice(ctx context.Context) string
	// KeepsToken reports whether each start of the runtime uses the same token, and
	// with it the same Backend URL. KeepToken changes this in the settings.
	KeepsToken() bool
	KeepToken(keep bool) error
	// Connected reports whether SetConnected was ever called.
	Connected() bool
	SetConnected() error
}

// connectAnswer is what the page "Connect" gets.
type connectAnswer struct {
	Browser  string `json:"browser"`
	Notice   string `json:"notice"`
	CanKeep  bool   `json:"canKeep"`
	KeepsURL bool   `json:"keepsURL"`
	// Connected tells that a notebook was connected once, so that the steps are known.
	Connected bool `json:"connected"`
	// Wrong tells why nothing was changed.
	Wrong string `json:"wrong,omitempty"`
}

// routeConnect adds the requests of the page "Connect".
func (s *session) routeConnect(mux *http.ServeMux) {
	mux.HandleFunc("GET /connect", func(w http.ResponseWriter, r *http.Request) { s.answerConnect(w, r, nil) })
	mux.HandleFunc("POST /connect/keep", func(w http.ResponseWriter, r *http.Request) {
		keep, err := strconv.ParseBool(r.URL.Query().Get("on"))
		if err == nil {
			err = s.guide.Connecting.KeepToken(keep)
		}
		s.answerConnect(w, r, err)
	})
}

func (s *session) answerConnect(w http.ResponseWriter, r *http.Request, err error) {
	c := s.guide.Connecting
	answer := connectAnswer{
		Browser:   c.DefaultBrowser(r.Context()),
		Notice:    c.Notice(r.Context()),
		CanKeep:   s.guide.Runtime.Profile().Kind == config.KindJupyter,
		KeepsURL:  c.KeepsToken(),
		Connected: s.guide.connected(r.Context()),
	}
	if err != nil {
		answer.Wrong = i18n.Sentence(i18n.Error(err))
	}
	s.sendJSON(w, http.StatusOK, answer)
}

// connected reports whether a notebook was ever connected, and remembers it: Jupyter has
// kernels only once somebody has used it.
func (g *Guide) connected(ctx context.Context) bool {
	if g.Connecting.Connected() {
		return true
	}
	now := g.Runtime.Snapshot()
	if now.State != runtime.Ready {
		return false
	}
	used, _, err := jupyter.LastActivity(ctx, now.URL)
	if err != nil || used.IsZero() {
		return false
	}
	if err := g.Connecting.SetConnected(); err != nil {
		g.Log.Warn("guide: that a notebook was connected is not remembered", "error", err)
	}
	return true
}
