package memory

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"colabtray/internal/engine"
)

// output keeps the output of all runs of a container.
type output struct {
	mu      sync.Mutex
	lines   []line
	open    bool          // the last line is incomplete
	running bool          // the container runs, so more output can come
	more    chan struct{} // closed and replaced at every change
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

// Write adds output of a process.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for part := range bytes.Lines(p) {
		if o.open {
			last := &o.lines[len(o.lines)-1]
			last.text = append(last.text, part...)
		} else {
			o.lines = append(o.lines, line{now(), bytes.Clone(part)})
		}
		o.open = part[len(part)-1] != '\n'
	}
	o.changed()
	return len(p), nil
}

// Logs implements [engine.Engine].
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

// logStream is an output opened for reading.
type logStream struct {
	*io.PipeReader
	once   sync.Once
	closed chan struct{}
}

func (s *logStream) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.PipeReader.Close()
}

// copyTo writes the lines that q selects to w, and with q.Follow also new ones.
func (o *output) copyTo(ctx context.Context, w io.Writer, q engine.LogQuery, closed <-chan struct{}) error {
	next, offset := -1, 0
	for {
		o.mu.Lock()
		if next < 0 {
			next = o.first(q)
		}
		var text []byte
		for ; next < len(o.lines); next, offset = next+1, 0 {
			l := o.lines[next]
			text = append(text, l.text[offset:]...)
			if next == len(o.lines)-1 && o.open {
				offset = len(l.text)
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

// first returns the index of the first line that q selects.
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
