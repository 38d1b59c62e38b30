package guide

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"colabtray/internal/data"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// work is the event "work" of the page: a long piece of work that a page asked for. It
// goes on when the page is closed, and all pages show it and what came of it.
type work struct {
	// Kind tells what was asked for; empty for nothing so far.
	Kind string `json:"kind"`
	// Step tells what is being done, and Bytes and Total how far that is, as far as
	// that is known.
	Step  string `json:"step"`
	Bytes int64  `json:"bytes"`
	Total int64  `json:"total"`
	// Ended tells that Text and Problem tell what came of it.
	Ended   bool           `json:"ended"`
	Text    string         `json:"text"`
	Problem *actionMessage `json:"problem"`
}

// worker does one piece of work at a time.
type worker struct {
	mu      sync.Mutex
	now     work
	changed chan struct{} // closed when now changes
	cancel  context.CancelFunc
}

// current returns the work and a channel that is closed when it changes.
func (w *worker) current() (work, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, w.changed
}

// change changes the work if may allows that.
func (w *worker) change(may func(work) bool, next work, cancel context.CancelFunc) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !may(w.now) {
		return false
	}
	w.now, w.cancel = next, cancel
	close(w.changed)
	w.changed = make(chan struct{})
	return true
}

// job does a piece of work, tells how far it is, and returns what to tell people of the
// result. It can have something to tell with an error as well.
type job func(ctx context.Context, tell func(data.Progress)) (text string, err error)

// startWork starts a piece of work unless another one is under way. interrupted is what
// to tell when it was cancelled. The guide listens as long as it works.
func (s *session) startWork(w http.ResponseWriter, kind, interrupted string, do job) {
	all := &s.guide.worker
	ctx, cancel := context.WithCancel(s.base)
	free := func(now work) bool { return now.Kind == "" || now.Ended }
	if !all.change(free, work{Kind: kind}, cancel) {
		cancel()
		s.sendJSON(w, http.StatusConflict, actionMessage{Short: i18n.T("work.busy")})
		return
	}
	if !s.begin() {
		cancel()
		all.change(func(work) bool { return true }, work{}, cancel)
		http.Error(w, "the guide is closing", http.StatusServiceUnavailable)
		return
	}
	go func() {
		defer s.end()
		defer cancel()
		text, err := do(ctx, s.guide.tellOf(kind, cancel))
		result := work{Kind: kind, Ended: true, Text: text}
		var p *problem.Problem
		switch {
		case err == nil:
		case errors.Is(err, context.Canceled), errors.As(err, &p) && p.Code == problem.Cancelled:
			result.Text = i18n.Sentences(interrupted, text)
		default:
			result.Problem = s.guide.messageOf(err)
		}
		all.change(func(work) bool { return true }, result, nil)
	}()
	w.WriteHeader(http.StatusAccepted)
}

// tellOf returns a function that shows the progress of a piece of work on all pages.
func (g *Guide) tellOf(kind string, cancel context.CancelFunc) func(data.Progress) {
	var last time.Time
	var step data.Step
	return func(p data.Progress) {
		if p.Step == step && time.Since(last) < flushEvery {
			return
		}
		step, last = p.Step, time.Now()
		g.worker.change(func(now work) bool { return !now.Ended }, work{
			Kind: kind, Step: i18n.T("cli.work."+string(p.Step), "runtime", g.Runtime.Profile().Runtime), Bytes: p.Bytes, Total: p.Total,
		}, cancel)
	}
}

// cancelWork cancels the work that is under way, if there is any.
func (s *session) cancelWork(w http.ResponseWriter, _ *http.Request) {
	all := &s.guide.worker
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.cancel != nil {
		all.cancel()
	}
	w.WriteHeader(http.StatusNoContent)
}

// messageOf returns what to tell people of an error.
func (g *Guide) messageOf(err error) *actionMessage {
	var p *problem.Problem
	if errors.As(err, &p) {
		return &actionMessage{p.Short, p.Hint, p.Command}
	}
	g.Log.Warn("guide", "error", err)
	return &actionMessage{Short: i18n.T("guide.failed")}
}
