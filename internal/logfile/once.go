package logfile

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// quiet is how long a failure has not come again before it is news.
const quiet = time.Minute

// Once returns a handler that drops a record of a failure while the same failure comes
// again and again: one of the same message and the same "error". Whoever tries again
// for as long as something is away needs not remember what the log has.
func Once(h slog.Handler) slog.Handler {
	return &once{Handler: h, failures: &failures{last: map[string]time.Time{}}}
}

type once struct {
	slog.Handler
	about    string // what all records have
	failures *failures
}

// Handle implements [slog.Handler].
func (o *once) Handle(ctx context.Context, r slog.Record) error {
	failure := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			failure = a.Value.Resolve().String()
		}
		return failure == ""
	})
	if failure != "" && o.failures.isKnown(o.about+r.Message+"\n"+failure, r.Time) {
		return nil
	}
	return o.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (o *once) WithAttrs(attrs []slog.Attr) slog.Handler {
	about := o.about
	for _, a := range attrs {
		about += a.String() + "\n"
	}
	return &once{o.Handler.WithAttrs(attrs), about, o.failures}
}

// WithGroup implements [slog.Handler].
func (o *once) WithGroup(name string) slog.Handler {
	return &once{o.Handler.WithGroup(name), o.about + name + "\n", o.failures}
}

// failures are those of the last while.
type failures struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// isKnown reports whether a failure came not long ago, and notes that it comes now.
func (f *failures) isKnown(what string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for other, last := range f.last {
		if now.Sub(last) >= quiet {
			delete(f.last, other)
		}
	}
	_, known := f.last[what]
	f.last[what] = now
	return known
}
