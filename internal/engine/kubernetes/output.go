package kubernetes

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/engine"
)

// Logs implements [engine.Engine]. The output of a pod goes with it.
func (e *Engine) Logs(ctx context.Context, c engine.Container, q engine.LogQuery) (io.ReadCloser, error) {
	r, err := e.found(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	name := r.Metadata.Name
	if q.Follow {
		p, err := e.awaitPod(ctx, name, func(p *pod) bool { return p == nil || hasOutput(*p) })
		if err != nil {
			return nil, e.failure(err)
		}
		if p == nil {
			return io.NopCloser(strings.NewReader("")), nil
		}
	}
	log, err := e.openLog(ctx, name, q)
	if isMissing(err) || isReason(err, "BadRequest") { // it has none yet, or none any more
		return io.NopCloser(strings.NewReader("")), nil
	}
	return log, err
}

// openLog opens the output of a pod. One that is followed can be silent for any time.
func (e *Engine) openLog(ctx context.Context, pod string, q engine.LogQuery) (io.ReadCloser, error) {
	open := func(ctx context.Context) (io.ReadCloser, error) {
		return e.api.open(ctx, http.MethodGet, e.path(pods, pod, "log"), logQuery(q), "", nil)
	}
	if q.Follow {
		log, err := open(ctx)
		return log, e.failure(err)
	}
	ctx, stalls := engine.WatchStall(ctx, engine.StallTime, e.failure)
	return stalls.Open(open(ctx))
}

// hasOutput reports whether a pod's container has run, or never will.
func hasOutput(p pod) bool {
	over, _ := isOver(p)
	main, has := statusOf(p.Status.ContainerStatuses, mainContainer)
	return over || has && (main.State.Running != nil || main.State.Terminated != nil)
}

// logQuery returns a query for a pod's output.
func logQuery(q engine.LogQuery) url.Values {
	query := url.Values{"container": {mainContainer}}
	if q.Follow {
		query.Set("follow", "true")
	}
	if q.Tail >= 0 {
		query.Set("tailLines", strconv.Itoa(q.Tail))
	}
	if !q.Since.IsZero() {
		query.Set("sinceTime", q.Since.UTC().Format(time.RFC3339Nano))
	}
	return query
}
