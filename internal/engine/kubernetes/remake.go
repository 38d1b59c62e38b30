package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"colabtray/internal/engine"
)

// A container is made anew by one change of its record, which keeps what it was made from.
// The secret of its environment cannot be changed along with that, so the new one has
// another name: two names take turns.

// otherSecret returns the other of the two names. The name of a container has no dot.
func otherSecret(container string) string { return container + ".env" }

// secretOf returns the name of a container's secret.
func secretOf(r configMap) string {
	about, _ := readRecordOf(r)
	return cmp.Or(about.Secret, r.Metadata.Name)
}

// spareOf returns the name that the container's secret does not have.
func spareOf(r configMap) string {
	if secretOf(r) == r.Metadata.Name {
		return otherSecret(r.Metadata.Name)
	}
	return r.Metadata.Name
}

// remadeKey is where a reserve has when the container was made anew.
const remadeKey = "at"

// remadeAt returns when the container was made anew that has something in reserve.
func remadeAt(r configMap) time.Time {
	if r.Data[reserveKey] == "" {
		return time.Time{}
	}
	var before map[string]string
	_ = json.Unmarshal([]byte(r.Data[reserveKey]), &before)
	at, err := time.Parse(time.RFC3339Nano, before[remadeKey])
	if err != nil {
		return r.Metadata.CreationTimestamp.UTC()
	}
	return at
}

// CanMake implements [engine.Remaker]. What a cluster takes of a pod shows at its start.
func (e *Engine) CanMake(ctx context.Context, spec engine.Spec) error {
	_, err := e.objects(ctx, spec, spec.Name)
	return err
}

// Remake implements [engine.Remaker].
func (e *Engine) Remake(ctx context.Context, id string, spec engine.Spec) error {
	r, err := e.resting(ctx, id)
	if err != nil {
		return err
	}
	if r.Data[reserveKey] != "" {
		return fmt.Errorf("%w: %s has something in reserve", engine.ErrConflict, r.Metadata.Name)
	}
	o, err := e.objects(ctx, spec, spareOf(*r))
	if err != nil {
		return err
	}
	if o.Claim != nil {
		if _, err := e.EnsureVolume(ctx, spec); err != nil {
			return err
		}
	}
	before, err := json.Marshal(map[string]string{
		recordKey: r.Data[recordKey], podKey: r.Data[podKey], runKey: r.Data[runKey], remadeKey: time.Now().UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return err
	}
	if err := e.makeSecret(ctx, o.Secret, *r); err != nil {
		return err
	}
	return e.change(ctx, *r, map[string]any{
		recordKey: o.Record.Data[recordKey], podKey: o.Record.Data[podKey], runKey: nil, reserveKey: string(before),
	})
}

// Unmake implements [engine.Remaker].
func (e *Engine) Unmake(ctx context.Context, id string) error {
	r, err := e.resting(ctx, id)
	if err != nil {
		return err
	}
	if r.Data[reserveKey] == "" {
		return e.removeSpare(ctx, *r)
	}
	var before map[string]string
	if err := json.Unmarshal([]byte(r.Data[reserveKey]), &before); err != nil {
		return fmt.Errorf("the record of %s: %s: %w", r.Metadata.Name, reserveKey, err)
	}
	data := map[string]any{reserveKey: nil, recordKey: before[recordKey], podKey: before[podKey], runKey: nil}
	if before[runKey] != "" {
		data[runKey] = before[runKey]
	}
	return e.change(ctx, *r, data)
}

// Keep implements [engine.Remaker].
func (e *Engine) Keep(ctx context.Context, id string) error {
	r, err := e.found(ctx, id)
	if err != nil || r.Data[reserveKey] == "" {
		return err
	}
	return e.change(ctx, *r, map[string]any{reserveKey: nil})
}

// change changes a record, unless somebody else has changed it since it was read.
func (e *Engine) change(ctx context.Context, r configMap, data map[string]any) error {
	var now configMap
	change := map[string]any{"metadata": map[string]string{"resourceVersion": r.Metadata.ResourceVersion}, "data": data}
	if err := e.api.patch(ctx, e.path(configMaps, r.Metadata.Name), change, &now); err != nil {
		if isReason(err, "Conflict") {
			err = fmt.Errorf("%w: %w", engine.ErrConflict, err)
		}
		return e.failure(err)
	}
	return e.removeSpare(ctx, now)
}

// removeSpare removes the secret that a container does not use: that of before, or that of
// a making anew that was cut off.
func (e *Engine) removeSpare(ctx context.Context, r configMap) error {
	if r.Data[reserveKey] != "" {
		return nil
	}
	return e.failure(e.removeOurs(ctx, secrets, spareOf(r)))
}

// resting returns the record of a container that does not run. A pod that has ended makes
// room, and what it told is kept.
func (e *Engine) resting(ctx context.Context, id string) (*configMap, error) {
	r, err := e.found(ctx, id)
	if err != nil {
		return nil, err
	}
	name := r.Metadata.Name
	p, err := e.pod(ctx, name)
	if p == nil || err != nil {
		return r, err
	}
	if over, _ := isOver(*p); !over {
		return nil, fmt.Errorf("%w: %s runs", engine.ErrConflict, name)
	}
	if _, err := e.keepRun(ctx, name, runOf(*p)); err != nil {
		return nil, err
	}
	if err := e.removePod(ctx, name, p.Metadata.UID, 1); err != nil {
		return nil, e.failure(err)
	}
	return e.found(ctx, id)
}
