package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"colabtray/internal/engine"
)

// A watch is of objects of one kind that a selector names, from a version of theirs on.
// It says what changed, and is a hint: it can miss what was there for a moment only.
type watch struct {
	api      *api
	path     string
	selector url.Values
	// listed is called with the objects that there are when the watch begins, and when
	// it has to begin anew because the cluster no longer knows what changed since.
	listed func(items []json.RawMessage)
	// changed is called for each change: ADDED, MODIFIED or DELETED.
	changed func(how string, object json.RawMessage)
}

// errExpired means that the cluster no longer knows what changed since a version.
var errExpired = errors.New("the watch is too old")

// errStalled means that a stream of changes stood still, which no cluster promises to say
// something on. Most do each minute.
var errStalled = errors.New("the watch stands still")

// restPause is the time between two streams of which the first ended at once.
const restPause = time.Second

// follow watches until ctx ends or the cluster cannot be asked. The cluster itself ends
// each stream after a while; the next one goes on where it ended. opened is called once.
func (w *watch) follow(ctx context.Context, opened func()) error {
	version, err := w.list(ctx)
	if err != nil {
		return err
	}
	for {
		began := time.Now()
		err := w.stream(ctx, &version, opened)
		opened = func() {}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errExpired), errors.Is(err, errStalled):
			if version, err = w.list(ctx); err != nil {
				return err
			}
		case err != nil:
			return err
		}
		if time.Since(began) < restPause {
			select {
			case <-time.After(restPause):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// list lists the objects, and returns the version to watch from.
func (w *watch) list(ctx context.Context) (version string, err error) {
	var all []json.RawMessage
	query := url.Values{}
	for name, values := range w.selector {
		query[name] = values
	}
	query.Set("limit", "500")
	const mostPages = 20
	for range mostPages {
		var page list[json.RawMessage]
		if err := w.api.get(ctx, w.path, query, &page); err != nil {
			return "", err
		}
		all = append(all, page.Items...)
		if page.Metadata.Continue == "" {
			w.listed(all)
			return page.Metadata.ResourceVersion, nil
		}
		query.Set("continue", page.Metadata.Continue)
	}
	return "", errors.New("the cluster lists without an end")
}

// stream follows one stream of changes, and keeps version that of the last one. It
// returns nil when the cluster ends the stream. One that stands still may lead nowhere any
// more: whoever lists anew finds that out.
func (w *watch) stream(ctx context.Context, version *string, opened func()) error {
	query := url.Values{"watch": {"true"}, "allowWatchBookmarks": {"true"}, "resourceVersion": {*version}}
	for name, values := range w.selector {
		query[name] = values
	}
	ctx, stalls := engine.WatchStall(ctx, engine.StallTime, func(err error) error { return err })
	body, err := stalls.Open(w.api.open(ctx, http.MethodGet, w.path, query, "", nil))
	if expired(err) {
		return errExpired
	}
	if err != nil {
		return err
	}
	defer body.Close()
	opened()
	err = w.events(body, version)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return errStalled
	}
	return err
}

// events reads the events of a stream, of which each may be as long as an answer.
func (w *watch) events(stream io.Reader, version *string) error {
	limited := &io.LimitedReader{R: stream}
	for in := json.NewDecoder(limited); ; {
		limited.N = maxAnswer
		var e watchEvent
		if err := in.Decode(&e); err != nil {
			if errors.Is(err, io.EOF) && limited.N > 0 {
				return io.EOF
			}
			return fmt.Errorf("reading a watch: %w", err)
		}
		if e.Type == "ERROR" {
			var told status
			if err := json.Unmarshal(e.Object, &told); err != nil {
				return err
			}
			if err := error(&apiError{told}); !expired(err) {
				return err
			}
			return errExpired
		}
		var of struct {
			Metadata objectMeta `json:"metadata"`
		}
		if err := json.Unmarshal(e.Object, &of); err != nil {
			return err
		}
		if of.Metadata.ResourceVersion != "" {
			*version = of.Metadata.ResourceVersion
		}
		if e.Type != "BOOKMARK" {
			w.changed(e.Type, bytes.Clone(e.Object))
		}
	}
}

// expired reports whether the API no longer knows a version.
func expired(err error) bool {
	var refused *apiError
	return errors.As(err, &refused) && (refused.Code == http.StatusGone || refused.Reason == "Expired" || refused.Reason == "Gone")
}
