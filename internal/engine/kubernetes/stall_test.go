package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/engine"
)

// answering is a cluster whose answers a test makes.
type answering func(r *http.Request) (*http.Response, error)

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// says is an answer of which the rest never comes.
func says(r *http.Request, text string, rest bool) *http.Response {
	body := io.Reader(strings.NewReader(text))
	if !rest {
		body = io.MultiReader(body, neverReads{r.Context()})
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body), Request: r}
}

type neverReads struct{ ctx context.Context }

func (n neverReads) Read([]byte) (int, error) {
	<-n.ctx.Done()
	return 0, n.ctx.Err()
}

// TestWatchStandsStill: a watch on which nothing comes any more, of which nobody tells, lists
// anew. It goes on where the cluster answers, and ends where it does not.
func TestWatchStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lists := 0
		w := watch{selector: nil, listed: func([]json.RawMessage) { lists++ }, changed: func(string, json.RawMessage) {}}
		w.api = &api{base: "http://cluster", http: &http.Client{Transport: answering(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Query().Get("watch") != "":
				return says(r, "", false), nil
			case lists == 3:
				return silence{}.RoundTrip(r)
			}
			return says(r, `{"metadata": {"resourceVersion": "7"}}`, true), nil
		})}}
		begun := time.Now()
		if err := w.follow(context.Background(), func() {}); !errors.Is(err, context.DeadlineExceeded) || lists != 3 {
			t.Errorf("after %d lists it ended with %v", lists, err)
		}
		if took, most := time.Since(begun), 3*engine.StallTime+engine.RequestTimeout; took > most {
			t.Errorf("it ended after %s", took)
		}
	})
}

// TestLogStandsStill: output that is read to its end ends when the cluster lets it stand
// still.
func TestLogStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := Open("kubernetes://gpu/team", slog.New(slog.DiscardHandler))
		e.api = &api{base: "http://cluster", http: &http.Client{Transport: answering(func(r *http.Request) (*http.Response, error) {
			return says(r, "first\n", false), nil
		})}}
		log, err := e.openLog(context.Background(), "a", engine.LogQuery{Tail: -1})
		must(t, err)
		begun := time.Now()
		if text, err := io.ReadAll(log); string(text) != "first\n" || !errors.Is(err, engine.ErrSilent) {
			t.Errorf("%q, %v", text, err)
		}
		if took := time.Since(begun); took > engine.StallTime {
			t.Errorf("it ended after %s", took)
		}
		must(t, log.Close())
	})
}

// TestCopyStandsStill: a copy through kubectl ends when the other side lets it stand still, in
// the midst of it or from the start.
func TestCopyStandsStill(t *testing.T) {
	k := testKubectl(t, nil)
	for name, copies := range map[string]func(e *Engine, script string) error{
		"out": func(e *Engine, script string) error {
			a, err := e.read(t.Context(), "a", []string{"sh", "-c", script})
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, a)
			return errors.Join(err, a.Close())
		},
		"in": func(e *Engine, script string) error {
			return e.send(t.Context(), "a", []string{"sh", "-c", script}, strings.NewReader(strings.Repeat("0123456789", 100_000)))
		},
	} {
		for _, script := range []string{"head -c 100000 /dev/zero | tr '\\0' x; head -c 100000 >/dev/null; exec sleep 1000", "exec sleep 1000"} {
			e := Open("kubernetes://gpu/team", slog.New(slog.DiscardHandler))
			e.current.Store(&k)
			e.patience = time.Second
			if err := copies(e, script); !errors.Is(err, engine.ErrSilent) {
				t.Errorf("%s, %s: %v", name, script, err)
			}
		}
	}
}
