package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// record returns the record of a container; nil when there is none.
func (e *Engine) record(ctx context.Context, id string) (*configMap, error) {
	name, uid := nameOf(id)
	if !config.IsClusterLabel(name) {
		return nil, nil
	}
	var r configMap
	err := e.api.get(ctx, e.path(configMaps, name), nil, &r)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, e.failure(err)
	}
	if uid != "" && r.Metadata.UID != uid || r.Metadata.Labels[labelManager] != managerName || r.Data[recordKey] == "" {
		return nil, nil
	}
	return &r, nil
}

// found is record for a container that has to be there.
func (e *Engine) found(ctx context.Context, id string) (*configMap, error) {
	r, err := e.record(ctx, id)
	if err == nil && r == nil {
		err = fmt.Errorf("%w: container %s", engine.ErrNotFound, id)
	}
	return r, err
}

// pod returns the pod of a container; nil when there is none.
func (e *Engine) pod(ctx context.Context, name string) (*pod, error) {
	var p pod
	err := e.api.get(ctx, e.path(pods, name), nil, &p)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, e.failure(err)
	}
	if p.Metadata.Labels[labelManager] != managerName {
		return nil, nil // somebody else's, whose name is in the way of a start
	}
	return &p, nil
}

// Inspect implements [engine.Engine]. The pod is asked for before the record, which is
// noted in before a pod goes: so a pod that was stopped meanwhile is not taken for lost.
func (e *Engine) Inspect(ctx context.Context, id string) (engine.Container, error) {
	name, _ := nameOf(id)
	if !config.IsClusterLabel(name) {
		return engine.Container{Name: name}, nil
	}
	p, err := e.pod(ctx, name)
	if err != nil {
		return engine.Container{}, err
	}
	r, err := e.record(ctx, id)
	if r == nil || err != nil {
		return engine.Container{Name: name}, err
	}
	if p == nil && isLost(*r) { // or it was started meanwhile
		if p, err = e.pod(ctx, name); err != nil {
			return engine.Container{}, err
		}
	}
	s, err := e.secret(ctx, secretOf(*r))
	if err != nil {
		return engine.Container{}, err
	}
	if p == nil && s == nil && wantsSecret(*r) {
		return engine.Container{Name: name}, nil
	}
	return containerOf(*r, s, p)
}

// wantsSecret reports whether a container has an environment of a secret. Without that one
// the container is half made, and can never start.
func wantsSecret(r configMap) bool {
	var template pod
	if json.Unmarshal([]byte(r.Data[podKey]), &template) != nil {
		return false
	}
	return slices.ContainsFunc(template.Spec.Containers, func(c containerTemplate) bool {
		return slices.ContainsFunc(c.Env, func(v envVar) bool { return v.ValueFrom != nil })
	})
}

// secret returns the environment that a secret has; nil when there is none.
func (e *Engine) secret(ctx context.Context, name string) (*secretObject, error) {
	var s secretObject
	err := e.api.get(ctx, e.path(secrets, name), nil, &s)
	switch {
	case isMissing(err):
		return nil, nil
	case err != nil:
		return nil, e.failure(err)
	case s.Metadata.Labels[labelManager] != managerName:
		return nil, nil
	}
	return &s, nil
}

// Create implements [engine.Engine]. It makes the claim, the record, which only one can
// make, and the secret. So a creation that was cut off leaves a claim, or also a record
// that is no container for anybody as it lacks its secret.
func (e *Engine) Create(ctx context.Context, spec engine.Spec) (made engine.Created, err error) {
	o, err := e.objects(ctx, spec, spec.Name)
	if err != nil {
		return made, err
	}
	if o.Claim != nil {
		if made.Volume, err = e.EnsureVolume(ctx, spec); err != nil {
			return made, err
		}
	}
	r, err := e.makeRecord(ctx, o.Record)
	if err != nil {
		return made, err
	}
	made.ID = idOf(r)
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		if undo := e.removeObjects(ctx, r); undo != nil {
			err = errors.Join(err, undo)
			return
		}
		made.ID = ""
	}()
	return made, e.makeSecret(ctx, o.Secret, r)
}

// makeRecord makes the record of a container, in the place of one that is half made.
func (e *Engine) makeRecord(ctx context.Context, r configMap) (made configMap, err error) {
	err = e.api.create(ctx, e.path(configMaps), r, &made)
	if !isReason(err, "AlreadyExists") {
		return made, e.failure(err)
	}
	if c, failure := e.Inspect(ctx, r.Metadata.Name); failure != nil || c.Exists {
		return made, errors.Join(e.failure(err), failure)
	}
	half, failure := e.record(ctx, r.Metadata.Name)
	if failure != nil || half == nil { // somebody else's, or just removed
		return made, errors.Join(e.failure(err), failure)
	}
	if err := e.removeObjects(ctx, *half); err != nil {
		return made, err
	}
	err = e.api.create(ctx, e.path(configMaps), r, &made)
	return made, e.failure(err)
}

// objects returns what a container of a spec is made of.
func (e *Engine) objects(ctx context.Context, spec engine.Spec, secret string) (o objects, err error) {
	facts, err := e.facts(ctx, spec.Image, spec.Platform)
	switch {
	case err != nil:
		return o, err
	case facts.Ref == "":
		return o, fmt.Errorf("%w: image %s", engine.ErrNotFound, spec.Image)
	}
	o, err = objectsOf(spec, facts.config(), secret)
	return o, e.failure(err)
}

// makeSecret makes the secret of a container, unless it has none. One that is there is what
// was left when something was done half.
func (e *Engine) makeSecret(ctx context.Context, s *secretObject, of configMap) error {
	if s == nil {
		return nil
	}
	s.Metadata.OwnerReferences = []ownerReference{ownerOf(of)}
	if err := e.removeOurs(ctx, secrets, s.Metadata.Name); err != nil {
		return e.failure(err)
	}
	return e.failure(e.api.create(ctx, e.path(secrets), s, nil))
}

func ownerOf(r configMap) ownerReference {
	return ownerReference{APIVersion: "v1", Kind: "ConfigMap", Name: r.Metadata.Name, UID: r.Metadata.UID}
}

// Remove implements [engine.Engine].
func (e *Engine) Remove(ctx context.Context, id string) error {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	p, err := e.pod(ctx, r.Metadata.Name)
	if err != nil {
		return err
	}
	if p != nil {
		if over, _ := isOver(*p); !over {
			return fmt.Errorf("%w: %s runs", engine.ErrConflict, r.Metadata.Name)
		}
	}
	return e.removeObjects(ctx, *r)
}

// removeObjects removes all of a container but its data. Without the record it is none, so
// that comes before what the record owns, which the cluster removes in any case.
func (e *Engine) removeObjects(ctx context.Context, r configMap) error {
	name := r.Metadata.Name
	p, err := e.pod(ctx, name)
	if err != nil {
		return err
	}
	if p != nil {
		if err := e.removePod(ctx, name, p.Metadata.UID, 1); err != nil {
			return e.failure(err)
		}
	}
	if err := e.api.remove(ctx, e.path(configMaps, name), r.Metadata.UID, nil); err != nil {
		return e.failure(err)
	}
	for _, one := range [][2]string{{secrets, name}, {secrets, otherSecret(name)}, {configMaps, filesName(name)}} {
		if err := e.removeOurs(ctx, one[0], one[1]); err != nil {
			return e.failure(err)
		}
	}
	return nil
}

// removeOurs removes an object, unless there is none or somebody else has made it.
func (e *Engine) removeOurs(ctx context.Context, kind, name string) error {
	var o struct {
		Metadata objectMeta `json:"metadata"`
	}
	err := e.api.get(ctx, e.path(kind, name), nil, &o)
	switch {
	case isMissing(err):
		return nil
	case err != nil:
		return err
	case o.Metadata.Labels[labelManager] != managerName:
		return nil
	}
	return e.api.remove(ctx, e.path(kind, name), o.Metadata.UID, nil)
}
