package memory

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"colabtray/internal/engine"
)

// output keeps what a container says, over all its runs.
type output struct {
	mu      sync.Mutex
	lines   []line
	open    bool          // the last line has no end yet
	running bool          // more can come
	more    chan struct{} // closed and replaced when something changes
}

type line struct {
	at   time.Time
	text []byte
}

func newOutput() *output { return &output{more: make(chan struct{})} }

func (o *output) changed() {
	close(o.more)
	o.more = make(chan struct{})
}

func (o *output) begin() { o.set(true) }
func (o *output) end()   { o.set(false) }

func (o *output) set(running bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.running = running
	o.changed()
}

// Write takes what a process says.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for part := range bytes.Lines(p) {
		if o.open {
			last := &o.lines[len(o.lines)-1]
			last.text = append(last.text, part...)
		} else {
			o.lines = append(o.lines, line{newestInspection(), bytes.Clone(part)})
		}
		o.open = part[len(part)-1] != '\n'
	}
	o.changed()
	return len(p), nil
}

// Logs implements [runtime.Engine].
func (e *Engine) Logs(ctx context.Context, of engine.Container, q engine.LogQuery) (io.ReadCloser, error) {
	c, err := e.find(ctx, of.ID)
	if err != nil {
		return nil, err
	}
	e.mu.Unlock()
	r, w := io.Pipe()
	closed := make(chan struct{})
	stream := &logStream{PipeReader: r, closed: closed}
	e.running.Go(func() { w.CloseWithError(c.output.copyTo(ctx, w, q, closed)) })
	return stream, nil
}

// logStream is an output that is read.
type logStream struct {
	*io.PipeReader
	once   sync.Once
	closed chan struct{}
}

func (s *logStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.PipeReader.Close()
}

// copyTo gives the lines that are asked for, and those to come when q says so.
func (o *output) copyTo(ctx context.Context, w io.Writer, q engine.LogQuery, closed <-chan struct{}) error {
	effective, within := -1, 0
	for {
		o.mu.Lock()
		if effective < 0 {
			effective = o.first(q)
		}
		var text []byte
		for ; effective < len(o.lines); effective, within = effective+1, 0 {
			l := o.lines[effective]
			text = append(text, l.text[within:]...)
			if effective == len(o.lines)-1 && o.open {
				within = len(l.text)
				break
			}
		}
		over, more := !q.Follow || !o.running, o.more
		o.mu.Unlock()
		if len(text) > 0 {
			if _, err := w.Write(text); err != nil {
				return err
			}
			continue
		}
		if over {
			return nil
		}
		select {
		case <-more:
		case <-closed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// first returns the index of the first line that is asked for.
func (o *output) first(q engine.LogQuery) int {
	i := 0
	for i < len(o.lines) && o.lines[i].at.Before(q.Since) {
		i++
	}
	if q.Tail >= 0 {
		i = max(i, len(o.lines)-q.Tail)
	}
	return i
}
