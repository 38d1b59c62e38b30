package guide

import (
	"context"
	"errors"
	"net/http"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// Time limits of requests that wait for something else.
const (
	checkTime    = 3 * time.Minute
	reportTime   = 30 * time.Second
	versionsTime = 15 * time.Second
)

func (s *session) handler() http.Handler {
	mux := http.NewServeMux()
	public := map[string]bool{"/": true, enterPath: true, jupyterPath: true}
	serve := func(path, name string) {
		public[path] = true
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { s.send(w, r, http.StatusOK, name) })
	}
	serve("/{$}", "guide.html")
	for _, name := range parts() {
		serve("/"+name, name)
	}
	g := s.guide
	mux.HandleFunc("POST "+enterPath, s.enter)
	mux.HandleFunc("GET "+jupyterPath, s.openJupyter)
	mux.HandleFunc("POST /ticket", s.ticket)
	mux.HandleFunc("GET /live", s.live)
	mux.HandleFunc("GET /logs", s.saveLogs)
	for path, do := range map[string]func(context.Context) error{
		"/start": g.Runtime.Start, "/continue": g.Runtime.Start, "/stop": g.Runtime.Stop, "/restart": g.Runtime.Restart,
		"/repair": g.Runtime.Repair,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, _ *http.Request) {
			g.runDetached(do)
			w.WriteHeader(http.StatusAccepted)
		})
	}
	s.handleFiles(mux)
	s.routeFolders(mux)
	s.routeSettings(mux)
	s.routeConnect(mux)
	s.routeData(mux)
	s.routeUpdate(mux)
	s.routeKernels(mux)
	mux.HandleFunc("POST /act", s.act)
	mux.HandleFunc("POST /url", s.reveal)
	mux.HandleFunc("POST /check", s.check)
	mux.HandleFunc("POST /packages", s.packages)
	mux.HandleFunc("POST /packages/keep", s.keepPackages)
	mux.HandleFunc("GET /cards", s.cards)
	mux.HandleFunc("GET /ports", s.ports)
	mux.HandleFunc("POST /ports/publish", s.publishPort)
	mux.HandleFunc("GET /notebooks", s.notebooks)
	mux.HandleFunc("POST /notebook", s.notebook)
	mux.HandleFunc("POST /notebooks/forget", s.forgetNotebooks)
	s.routeHelp(mux)
	return s.guard(mux, public)
}

// actionMessage is a text for the person: a problem, a warning, or the result of the
// last action.
type actionMessage struct {
	Short   string `json:"short"`
	Hint    string `json:"hint,omitempty"`
	Command string `json:"command,omitempty"`
}

// runDetached starts an action on the runtime that goes on when the page is closed.
func (g *Guide) runDetached(do func(context.Context) error) {
	g.publish(nil)
	go func() {
		err := do(context.Background())
		var p *problem.Problem
		switch {
		case err == nil, errors.Is(err, context.Canceled):
		case errors.As(err, &p) && p.Code == problem.Cancelled: // another click cancelled the action
		case errors.As(err, &p):
			g.publish(&actionMessage{p.Short, p.Hint, p.Command})
		default:
			g.Log.Warn("guide", "error", err)
			g.publish(&actionMessage{Short: i18n.T("guide.failed")})
		}
	}()
}

// publish shows a message on all open pages; nil removes the message there is.
func (g *Guide) publish(message *actionMessage) {
	current := g.Runtime.Snapshot().State
	g.mu.Lock()
	defer g.mu.Unlock()
	g.message, g.messageState = message, current
	close(g.updated)
	g.updated = make(chan struct{})
}

// reveal sends the Backend URL. No other request gets the token.
func (s *session) reveal(w http.ResponseWriter, _ *http.Request) {
	snapshot := s.guide.Runtime.Snapshot()
	if !snapshot.State.CanConnect() {
		http.Error(w, "not ready", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(snapshot.URL.Reveal()))
}

// checkStep is a step of the check with the text of the button for its act.
type checkStep struct {
	colab.Step
	Label string `json:"label,omitempty"`
}

func newCheckStep(s colab.Step) checkStep {
	step := checkStep{Step: s}
	if s.Act != "" {
		step.Label = problem.Act{Name: s.Act}.Label()
	}
	return step
}

// check runs the check, and sends each finished step as a line of JSON; the last
// line is the verdict. The check ends when the request does.
func (s *session) check(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTime)
	defer cancel()
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &stream{w: w, control: http.NewResponseController(w), cancel: cancel}
	report, err := s.guide.Check(ctx, func(step colab.Step) { out.sendLine(map[string]any{"step": newCheckStep(step)}) })
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		out.sendLine(map[string]any{"ok": false, "verdict": i18n.FullStop(p.Short)})
	case err != nil:
		s.guide.Log.Warn("guide: check", "error", err)
		out.sendLine(map[string]any{"ok": false, "verdict": i18n.T("guide.check.failed")})
	default:
		out.sendLine(map[string]any{"ok": report.OK, "verdict": report.Verdict})
	}
}

// stream is a response that is sent piece by piece. It is cancelled when the browser
// does not read a piece within writeTime.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	cancel  context.CancelFunc
}

// sendLine sends a value as a line of JSON.
func (s *stream) sendLine(value any) { s.send("", value) }

// event sends a value as a server-sent event.
func (s *stream) event(name string, value any) { s.send("event: "+name+"\ndata: ", value) }

func (s *stream) send(before string, value any) {
	text, err := i18n.JSON(value)
	if err != nil {
		s.cancel()
		return
	}
	end := "\n"
	if before != "" {
		end = "\n\n"
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTime))
	_, err = s.w.Write(append(append([]byte(before), text...), end...))
	if err == nil {
		err = s.control.Flush()
	}
	if err != nil {
		s.cancel()
	}
	_ = s.control.SetWriteDeadline(time.Time{})
}
