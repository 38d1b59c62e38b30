package kubernetes

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"colabtray/internal/engine"
)

// EnsureVolume implements [engine.Volumes].
func (e *Engine) EnsureVolume(ctx context.Context, spec engine.Spec) (made bool, err error) {
	err = e.api.create(ctx, e.path(claims), claimOf(spec, siteOf(spec.Cluster)), nil)
	if isReason(err, "AlreadyExists") {
		return false, nil
	}
	return err == nil, e.failure(err)
}

// claim returns a claim; nil when there is none.
func (e *Engine) claim(ctx context.Context, name string) (*claim, error) {
	var c claim
	err := e.api.get(ctx, e.path(claims, name), nil, &c)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, e.failure(err)
	}
	return &c, nil
}

// HasVolume implements [engine.Volumes].
func (e *Engine) HasVolume(ctx context.Context, name string) (bool, error) {
	c, err := e.claim(ctx, name)
	return c != nil, err
}

// RemoveVolume implements [engine.Volumes]. A cluster would take the request while a pod
// has the claim, and obey later.
func (e *Engine) RemoveVolume(ctx context.Context, name string) error {
	c, err := e.claim(ctx, name)
	switch {
	case err != nil:
		return err
	case c == nil:
		return fmt.Errorf("%w: claim %s", engine.ErrNotFound, name)
	case c.Metadata.Labels[labelManager] != managerName:
		return fmt.Errorf("%w: Colab Tray has not made the claim %s", engine.ErrConflict, name)
	}
	users, err := e.VolumeUsers(ctx, name, false)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return fmt.Errorf("%w: the claim %s is used by %s", engine.ErrConflict, name, engine.JoinNames(users))
	}
	halves, err := e.recordsWith(ctx, name)
	for _, half := range halves {
		err = errors.Join(err, e.removeObjects(ctx, half))
	}
	if err != nil {
		return err
	}
	if err := e.api.remove(ctx, e.path(claims, name), c.Metadata.UID, nil); err != nil {
		return e.failure(err)
	}
	return e.failure(e.awaitGone(ctx, claims, name, c.Metadata.UID))
}

// awaitGone waits until an object is gone.
func (e *Engine) awaitGone(ctx context.Context, kind, name, uid string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gone := false
	w := watch{
		api: e.api, path: e.path(kind), selector: url.Values{"fieldSelector": {"metadata.name=" + name}},
		listed: func(items []json.RawMessage) {
			if !slices.ContainsFunc(items, func(item json.RawMessage) bool {
				var o struct{ Metadata objectMeta }
				return json.Unmarshal(item, &o) == nil && o.Metadata.UID == uid
			}) {
				gone = true
				cancel()
			}
		},
		changed: func(how string, _ json.RawMessage) {
			if how == "DELETED" {
				gone = true
				cancel()
			}
		},
	}
	if err := w.follow(ctx, func() {}); !gone {
		return err
	}
	return nil
}

// VolumeSize implements [engine.Volumes]. A cluster does not tell what a claim holds.
func (e *Engine) VolumeSize(context.Context, string) (int64, error) { return 0, engine.ErrNotFound }

// recordsWith returns the records that have a volume.
func (e *Engine) recordsWith(ctx context.Context, volume string) (with []configMap, err error) {
	records, err := e.list(ctx, labelManager+"="+managerName)
	for _, r := range records {
		var about record
		if json.Unmarshal([]byte(r.Data[recordKey]), &about) == nil && about.Volume == volume {
			with = append(with, r)
		}
	}
	return with, err
}

// VolumeUsers implements [engine.Volumes].
func (e *Engine) VolumeUsers(ctx context.Context, volume string, running bool) (names []string, err error) {
	records, err := e.recordsWith(ctx, volume)
	for _, r := range records {
		c, err := e.Inspect(ctx, r.Metadata.Name)
		if err != nil {
			return nil, err
		}
		if c.Exists && (c.Running || !running) {
			names = append(names, r.Metadata.Name)
		}
	}
	return names, err
}

// list returns the config maps that a selector names.
func (e *Engine) list(ctx context.Context, selector string) (all []configMap, err error) {
	w := watch{
		api: e.api, path: e.path(configMaps), selector: url.Values{"labelSelector": {selector}},
		listed: func(items []json.RawMessage) {
			for _, item := range items {
				var r configMap
				if json.Unmarshal(item, &r) == nil {
					all = append(all, r)
				}
			}
		},
	}
	_, err = w.list(ctx)
	return all, e.failure(err)
}

// Images implements [engine.Volumes].
func (e *Engine) Images(ctx context.Context) (refs []string, err error) {
	all, err := e.list(ctx, labelManager+"="+managerName)
	for _, kept := range all {
		var facts imageFacts
		if json.Unmarshal([]byte(kept.Data[imageKey]), &facts) == nil && facts.Ref != "" {
			refs = append(refs, facts.Ref)
		}
	}
	return refs, err
}

// Helpers implements [engine.Volumes].
func (e *Engine) Helpers(ctx context.Context, runtime string) (helpers []engine.Helper, err error) {
	all, err := e.list(ctx, labelManager+"="+managerName+","+engine.LabelHelper+"="+runtime)
	for _, r := range all {
		if readable, is := readRecordOf(r); is {
			helpers = append(helpers, engine.Helper{Name: r.Metadata.Name, ID: idOf(r), Writes: readable.Labels[engine.LabelWrites] != ""})
		}
	}
	return helpers, err
}

func readRecordOf(r configMap) (about record, is bool) {
	err := json.Unmarshal([]byte(r.Data[recordKey]), &about)
	return about, err == nil
}

// CreateHelper implements [engine.Volumes]. A helper is a container, with what the
// cluster wants of its runtime's pod. It has the user of that, as root is nobody's here,
// and it runs where that runs, as most volumes can be at one node at a time.
func (e *Engine) CreateHelper(ctx context.Context, spec engine.HelperSpec) (id string, err error) {
	name := engine.HelperName(spec.Runtime[:min(len(spec.Runtime), longestHelped)])
	o, err := objectsOf(engine.Spec{Name: name, Image: spec.Image, Entrypoint: spec.Cmd[:1], Cmd: spec.Cmd[1:], Labels: helperLabels(spec)}, engine.ImageConfig{}, "")
	if err != nil {
		return "", e.failure(err)
	}
	of, err := e.record(ctx, spec.Runtime)
	if err != nil {
		return "", err
	}
	var template, like pod
	if err := json.Unmarshal([]byte(o.Record.Data[podKey]), &template); err != nil {
		return "", err
	}
	if of != nil {
		if err := json.Unmarshal([]byte(of.Data[podKey]), &like); err != nil {
			return "", err
		}
	}
	template, err = e.helperPod(ctx, template, like, spec)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(template)
	if err != nil {
		return "", err
	}
	about, _ := readRecordOf(o.Record)
	about.Volume = spec.Volume
	aboutText, err := json.Marshal(about)
	if err != nil {
		return "", err
	}
	o.Record.Metadata.Labels = template.Metadata.Labels
	o.Record.Data[podKey], o.Record.Data[recordKey] = string(text), string(aboutText)
	var made configMap
	if err := e.api.create(ctx, e.path(configMaps), o.Record, &made); err != nil {
		return "", e.failure(err)
	}
	return idOf(made), nil
}

// longestHelped is how much of a runtime's name is in those of its helpers, whose pods
// would else have names that are too long.
const longestHelped = 30

func helperLabels(spec engine.HelperSpec) map[string]string {
	labels := map[string]string{engine.LabelHelper: spec.Runtime, engine.LabelWrites: ""}
	if spec.Writes {
		labels[engine.LabelWrites] = "yes"
	}
	return labels
}

// helperPod returns the pod of a helper, which is placed like a runtime's.
func (e *Engine) helperPod(ctx context.Context, p, like pod, spec engine.HelperSpec) (pod, error) {
	p.Metadata.Labels = labelsOf(spec.Runtime)
	p.Metadata.Labels[engine.LabelHelper] = spec.Runtime
	c := &p.Spec.Containers[0]
	c.WorkingDir, c.Lifecycle = "/", nil
	if len(like.Spec.Containers) > 0 {
		p.Spec.NodeSelector, p.Spec.Tolerations = like.Spec.NodeSelector, like.Spec.Tolerations
		p.Spec.ImagePullSecrets, p.Spec.SecurityContext = like.Spec.ImagePullSecrets, like.Spec.SecurityContext
		c.Resources = withoutGPU(like.Spec.Containers[0].Resources)
	}
	if spec.Volume != "" {
		p.Spec.Volumes = []volume{{Name: dataVolume, PersistentVolumeClaim: &claimSource{spec.Volume}}}
		c.VolumeMounts = []volumeMount{{Name: dataVolume, MountPath: spec.Path}}
	}
	running, err := e.pod(ctx, spec.Runtime)
	if running == nil || err != nil {
		return p, err
	}
	if over, _ := isOver(*running); !over && running.Spec.NodeName != "" {
		p.Spec.Affinity = &affinity{PodAffinity: podAffinity{Required: []podAffinityTerm{{
			TopologyKey: "kubernetes.io/hostname", LabelSelector: labelSelector{MatchLabels: map[string]string{labelInstance: spec.Runtime}},
		}}}}
	}
	return p, nil
}

// withoutGPU returns the limits of memory and processors.
func withoutGPU(r *resources) *resources {
	if r == nil {
		return nil
	}
	limits := map[string]string{}
	for _, name := range []string{"memory", "cpu"} {
		if r.Limits[name] != "" {
			limits[name] = r.Limits[name]
		}
	}
	if len(limits) == 0 {
		return nil
	}
	return &resources{Limits: limits}
}

// RemoveHelper implements [engine.Volumes].
func (e *Engine) RemoveHelper(ctx context.Context, id string) error {
	r, err := e.record(ctx, id)
	if r == nil || err != nil {
		return err
	}
	return e.removeObjects(ctx, *r)
}

// handScript waits to be ended.
const handScript = `trap 'exit 0' TERM; while :; do sleep 3600 & wait; done`

// hand makes the pod through which the files of a helper are read and written, and
// returns it once it runs. The caller lets it go.
func (e *Engine) hand(ctx context.Context, r configMap) (name string, letGo func() error, err error) {
	var p, made pod
	if err := json.Unmarshal([]byte(r.Data[podKey]), &p); err != nil {
		return "", nil, err
	}
	// Of one that was let go, the name is taken for a while.
	name = r.Metadata.Name + "-" + strings.ToLower(rand.Text()[:5])
	p.Metadata.Name, p.Metadata.OwnerReferences = name, []ownerReference{ownerOf(r)}
	p.Spec.Containers[0].Command, p.Spec.Containers[0].Args = []string{"/bin/sh", "-c", handScript}, nil
	if err := e.api.create(ctx, e.path(pods), p, &made); err != nil {
		return "", nil, e.failure(err)
	}
	letGo = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		grace := int64(1)
		return e.failure(e.api.remove(ctx, e.path(pods, name), made.Metadata.UID, &grace))
	}
	waiting, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	var last *pod
	_, err = e.awaitPod(waiting, name, func(p *pod) bool {
		last = p
		return p == nil || hasOutput(*p)
	})
	switch {
	case err == nil && last != nil:
		if over, _ := isOver(*last); !over {
			return name, letGo, nil
		}
		err = refusedProblem(runOf(*last).Said, nil)
	case err == nil:
		err = fmt.Errorf("%w: pod %s", engine.ErrNotFound, name)
	case ctx.Err() == nil && waiting.Err() != nil && last != nil:
		err = refusedProblem(waitingOf(*last).Said, err)
	}
	return "", nil, errors.Join(e.failure(err), letGo())
}

// ReadHelper implements [engine.Volumes].
func (e *Engine) ReadHelper(ctx context.Context, id, _ string) (io.ReadCloser, error) {
	r, err := e.found(ctx, id)
	if err != nil {
		return nil, err
	}
	var template pod
	if err := json.Unmarshal([]byte(r.Data[podKey]), &template); err != nil {
		return nil, err
	}
	pod, letGo, err := e.hand(ctx, *r)
	if err != nil {
		return nil, err
	}
	c := template.Spec.Containers[0]
	a, err := e.read(ctx, pod, slices.Concat(c.Command, c.Args))
	if err != nil {
		return nil, errors.Join(err, letGo())
	}
	return struct {
		io.Reader
		io.Closer
	}{a, closing(func() error { return errors.Join(a.Close(), letGo()) })}, nil
}

// closing is a Close method as a function.
type closing func() error

func (c closing) Close() error { return c() }

// Unpack implements [engine.Volumes].
func (e *Engine) Unpack(ctx context.Context, id, path string, packed io.Reader) (err error) {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	pod, letGo, err := e.hand(ctx, *r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, letGo()) }()
	return e.send(ctx, pod, []string{"tar", "--extract", "--file=-", "--preserve-permissions", "--no-same-owner", "--directory=" + path}, packed)
}
