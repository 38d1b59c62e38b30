package guide

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Limits of the output that a page gets, per event and in time: a container can write
// without end and at full speed.
const (
	maxLines   = 1000
	maxLine    = 2000 // bytes
	flushEvery = 200 * time.Millisecond
)

// output is the event "logs" of the page: a part of the runtime's output.
type output struct {
	// NewRun tells that these are the first lines of another run.
	NewRun bool `json:"newRun"`
	// Skipped is the number of lines left out before Lines.
	Skipped int      `json:"skipped"`
	Lines   []string `json:"lines"`
}

// follow returns the last lines of the runtime's output, and then the lines that it
// writes, until ctx ends.
func follow(ctx context.Context, r Runtime) <-chan output {
	t := &tail{written: make(chan struct{}, 1)}
	go func() {
		read := false
		for s := range r.Watch(ctx) {
			if !s.State.CanReadLogs() || read && !s.State.Runs() { // this output was read to its end
				continue
			}
			// The state is Starting before there is a container to follow.
			for first := true; first || s.State == runtime.Starting && r.Snapshot().State == runtime.Starting; first = false {
				t.startRun()
				err := r.Logs(ctx, t, runtime.LogOptions{Follow: true, Tail: maxLines})
				var p *problem.Problem
				if errors.As(err, &p) && p.Code == problem.NoLog {
					_, _ = io.WriteString(t, i18n.Sentences(p.Short, p.Hint)+"\n") // it never fails
				}
				if !pause(ctx, flushEvery) {
					return
				}
			}
			read = true
		}
	}()
	c := make(chan output)
	go func() {
		defer close(c)
		for {
			select {
			case <-t.written:
			case <-ctx.Done():
				return
			}
			select {
			case c <- t.drain():
			case <-ctx.Done():
				return
			}
			if !pause(ctx, flushEvery) {
				return
			}
		}
	}()
	return c
}

// pause waits for a duration, and reports false when ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// tail keeps the last lines until drain takes them.
type tail struct {
	written chan struct{}

	mu     sync.Mutex
	newRun bool
	out    output
}

// startRun marks the next line as the first of another run.
func (t *tail) startRun() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.newRun = true
}

// Write takes exactly one line with its line end.
func (t *tail) Write(p []byte) (int, error) {
	line := strings.TrimSuffix(string(p), "\n")
	if len(line) > maxLine {
		line = strings.ToValidUTF8(line[:maxLine], "") + " …"
	}
	t.mu.Lock()
	if t.newRun {
		t.newRun, t.out = false, output{NewRun: true}
	}
	if len(t.out.Lines) == maxLines {
		t.out.Lines = t.out.Lines[1:]
		t.out.Skipped++
	}
	t.out.Lines = append(t.out.Lines, line)
	t.mu.Unlock()
	select {
	case t.written <- struct{}{}:
	default: // a signal is pending already
	}
	return len(p), nil
}

func (t *tail) drain() output {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.out
	t.out = output{}
	return out
}

// saveLogs sends the runtime's whole output as a file, masked as everywhere.
func (s *session) saveLogs(w http.ResponseWriter, r *http.Request) {
	out := &savedLogs{w: w, name: s.guide.Runtime.Profile().Runtime + ".log"}
	file := bufio.NewWriterSize(out, 64<<10)
	err := s.guide.Runtime.Logs(r.Context(), file, runtime.LogOptions{})
	if err == nil {
		out.begin() // of a file without lines
		err = file.Flush()
	}
	switch {
	case err == nil:
	case out.begun:
		s.guide.Log.Debug("guide: output", "error", err)
		panic(http.ErrAbortHandler) // so that the browser does not take a part for the whole
	default:
		s.sendProblem(w, err)
	}
}

// savedLogs is a response that becomes a file with its first piece.
type savedLogs struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

func (l *savedLogs) begin() {
	l.begun = true
	l.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	l.w.Header().Set("Content-Disposition", attachment(l.name, ""))
}

func (l *savedLogs) Write(p []byte) (int, error) {
	if !l.begun {
		l.begin()
	}
	return patientWriter{l.w, http.NewResponseController(l.w)}.Write(p)
}
