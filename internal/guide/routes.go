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

// How long things may take that a browser waits for.
const (
	checkTime  = 3 * time.Minute
	reportTime = 30 * time.Second
)

func (v *session) handler() http.Handler {
	mux := http.NewServeMux()
	for path, name := range map[string]string{
		"/{$}": "guide.html", "/guide.css": "guide.css", "/guide.js": "guide.js", "/words.json": "words.json", "/icon.svg": "icon.svg",
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { v.send(w, http.StatusOK, name) })
	}
	g := v.guide
	mux.HandleFunc("GET /live", v.live)
	for path, do := range map[string]func(context.Context) error{
		"/start": g.Runtime.Start, "/continue": g.Runtime.Start, "/stop": g.Runtime.Stop, "/restart": g.Runtime.Restart,
	} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, _ *http.Request) {
			g.runDetached(do)
			w.WriteHeader(http.StatusAccepted)
		})
	}
	mux.HandleFunc("POST /url", v.reveal)
	mux.HandleFunc("POST /check", v.check)
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), reportTime)
		defer cancel()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(g.Report(ctx)))
	})
	return v.guard(mux)
}

// actionMessage is what the last action came to, where the state of the runtime does
// not say it.
type actionMessage struct {
	Short   string `json:"short"`
	Hint    string `json:"hint,omitempty"`
	Command string `json:"command,omitempty"`
}

// runDetached does something to the runtime that the end of the page does not undo.
func (g *Guide) runDetached(do func(context.Context) error) {
	g.publish(nil)
	go func() {
		err := do(context.Background())
		var p *problem.Problem
		switch {
		case err == nil, errors.Is(err, context.Canceled):
		case errors.As(err, &p) && p.Code == problem.Cancelled: // by another click
		case errors.As(err, &p):
			g.publish(&actionMessage{p.Short, p.Hint, p.Command})
		default:
			g.Log.Warn("guide", "error", err)
			g.publish(&actionMessage{Short: i18n.T("guide.failed")})
		}
	}()
}

// publish tells everybody who looks.
func (g *Guide) publish(s *actionMessage) {
	in := g.Runtime.Snapshot().State
	g.mu.Lock()
	defer g.mu.Unlock()
	g.message, g.messageState = s, in
	close(g.updated)
	g.updated = make(chan struct{})
}

// reveal gives the Backend URL, to nobody but who asks for it.
func (v *session) reveal(w http.ResponseWriter, _ *http.Request) {
	s := v.guide.Runtime.Snapshot()
	if !s.State.CanConnect() {
		http.Error(w, "not ready", http.StatusConflict)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(s.URL.Reveal()))
}

// check tries what Colab does, and tells each step in a line of JSON as it is
// over; the last line has the verdict. It ends with who asked for it.
func (v *session) check(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTime)
	defer cancel()
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &stream{w: w, control: http.NewResponseController(w), cancel: cancel}
	report, err := v.guide.Check(ctx, func(s colab.Step) { out.sendLine(map[string]any{"step": s}) })
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		out.sendLine(map[string]any{"ok": false, "verdict": i18n.FullStop(p.Short)})
	case err != nil:
		v.guide.Log.Warn("guide: check", "error", err)
		out.sendLine(map[string]any{"ok": false, "verdict": i18n.T("guide.check.failed")})
	default:
		out.sendLine(map[string]any{"ok": report.OK, "verdict": report.Verdict})
	}
}

// stream is an answer that is sent bit by bit. Who does not take it in time is
// not served any more.
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
