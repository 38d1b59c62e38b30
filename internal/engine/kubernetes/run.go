package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// Start implements [engine.Engine]. It does not wait for a free GPU.
func (e *Engine) Start(ctx context.Context, id string) error {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	name := r.Metadata.Name
	p, err := e.pod(ctx, name)
	if err != nil {
		return err
	}
	before := endedRun(*r)
	if p != nil {
		if over, _ := isOver(*p); !over && p.Metadata.DeletionTimestamp.IsZero() {
			return nil
		}
		if end := runOf(*p).Ended; end.After(before) {
			before = end
		}
		if err := e.removePod(ctx, name, p.Metadata.UID, 1); err != nil {
			return e.failure(err)
		}
	}
	var next, made pod
	if err := json.Unmarshal([]byte(r.Data[podKey]), &next); err != nil {
		return err
	}
	files, err := e.files(ctx, name)
	if err != nil {
		return err
	}
	index, _ := putOf(files)
	next = withFiles(next, filesName(name), index.Files)
	next.Metadata.OwnerReferences = []ownerReference{ownerOf(*r)}
	if err := e.api.create(ctx, e.path(pods), next, &made); err != nil {
		return e.failure(err)
	}
	now, err := e.keepRun(ctx, name, lastRun{Pod: made.Metadata.UID, Started: made.Metadata.CreationTimestamp, Before: before})
	if err != nil {
		return err
	}
	return e.removeSpare(ctx, now)
}

// keepRun notes in the record what is known of the last run. It returns the record.
func (e *Engine) keepRun(ctx context.Context, name string, run lastRun) (now configMap, err error) {
	text, err := json.Marshal(run)
	if err != nil {
		return now, err
	}
	change := map[string]any{"data": map[string]string{runKey: string(text)}}
	err = e.api.patch(ctx, e.path(configMaps, name), change, &now)
	return now, e.failure(err)
}

// Stop implements [engine.Engine]. What the pod told of its end is kept, as it goes.
func (e *Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	name := r.Metadata.Name
	p, err := e.pod(ctx, name)
	if p == nil || err != nil {
		return err
	}
	if over, _ := isOver(*p); over && p.Status.Phase != "Pending" {
		return nil // it holds nothing, and its output is still there
	}
	run := runOf(*p)
	run.Stopping = true
	if _, err := e.keepRun(ctx, name, run); err != nil {
		return err
	}
	last := p
	// Without any grace the cluster would forget the pod before its node has ended it.
	seconds := max(1, int64((grace+time.Second-1)/time.Second))
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	remove := func() { // once its last words cannot be missed
		if err := e.api.remove(ctx, e.path(pods, name), p.Metadata.UID, &seconds); err != nil {
			cancel(err)
		}
	}
	_, err = e.awaitPodAfter(watching, name, remove, func(now *pod) bool {
		if now == nil || now.Metadata.UID != p.Metadata.UID {
			return true
		}
		last = now
		return false
	})
	if err != nil {
		return e.failure(cmp.Or(context.Cause(watching), err))
	}
	_, err = e.keepRun(ctx, name, stoppedRun(*last, time.Now()))
	return err
}

// stoppedRun returns the run of a pod that was stopped, whose end the cluster may have
// kept to itself.
func stoppedRun(p pod, now time.Time) lastRun {
	run := runOf(p)
	run.Stopping, run.Cause, run.Said = true, "", ""
	if main, _ := statusOf(p.Status.ContainerStatuses, mainContainer); main.State.Running == nil && main.State.Terminated == nil {
		// It never ran: a wait was given up, which is no end of a run.
		return lastRun{Pod: run.Pod, Stopping: true}
	}
	if run.Ended.IsZero() {
		run.Ended, run.ExitCode = now.UTC().Truncate(time.Second), killed
	}
	return run
}

// removePod deletes a pod, and waits until it is gone.
func (e *Engine) removePod(ctx context.Context, name, uid string, grace int64) error {
	if err := e.api.remove(ctx, e.path(pods, name), uid, &grace); err != nil {
		return err
	}
	_, err := e.awaitPod(ctx, name, func(p *pod) bool { return p == nil || uid != "" && p.Metadata.UID != uid })
	return err
}

// awaitPod watches a pod until a condition holds, which is given nil for none, and
// returns it.
func (e *Engine) awaitPod(ctx context.Context, name string, until func(*pod) bool) (*pod, error) {
	return e.awaitPodAfter(ctx, name, func() {}, until)
}

// awaitPodAfter is awaitPod, and calls opened once no change can be missed.
func (e *Engine) awaitPodAfter(ctx context.Context, name string, opened func(), until func(*pod) bool) (*pod, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var result *pod
	var bad error
	done := false
	see := func(p *pod) {
		if !done && until(p) {
			result, done = p, true
			cancel()
		}
	}
	decode := func(object json.RawMessage) (p pod) {
		if err := json.Unmarshal(object, &p); err != nil && bad == nil {
			bad = err
			cancel()
		}
		return p
	}
	w := watch{
		api: e.api, path: e.path(pods), selector: url.Values{"fieldSelector": {"metadata.name=" + name}},
		listed: func(items []json.RawMessage) {
			if len(items) == 0 {
				see(nil)
				return
			}
			p := decode(items[0])
			see(&p)
		},
		changed: func(how string, object json.RawMessage) {
			p := decode(object)
			see(&p) // its last words
			if how == "DELETED" {
				see(nil)
			}
		},
	}
	err := w.follow(ctx, opened)
	switch {
	case done:
		return result, nil
	case bad != nil:
		return nil, bad
	}
	return nil, err
}

// Wait implements [engine.Engine].
func (e *Engine) Wait(ctx context.Context, id string) error {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	_, err = e.awaitPod(ctx, r.Metadata.Name, func(p *pod) bool {
		if p == nil {
			return true
		}
		over, _ := isOver(*p)
		return over
	})
	return e.failure(err)
}
