package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Engine is an [engine.Engine] that is a namespace of a Kubernetes cluster.
type Engine struct {
	asked   config.Cluster // as the address names it
	isAsked bool           // the address is one of a cluster
	log     *slog.Logger
	dir     string // below which sockets are made
	api     *api

	which   atomic.Pointer[engine.Info]
	current atomic.Pointer[kubectl] // with context and namespace, once these are known

	mu      sync.Mutex
	closed  bool
	checked string // the program whose version was checked
	proxy   *proxy
}

var (
	_ engine.Engine   = (*Engine)(nil)
	_ engine.Finder   = (*Engine)(nil)
	_ engine.Executor = (*Engine)(nil)
	_ engine.Volumes  = (*Engine)(nil)

	_ engine.ClusterPuller = (*Engine)(nil)
)

// Is reports whether an address is that of a cluster.
func Is(address string) bool { return strings.HasPrefix(address, config.ClusterScheme) }

// Open makes the engine at an address, without connecting to it. An address that cannot
// be used is told by [Engine.Connect].
func Open(address string, log *slog.Logger) *Engine {
	e := &Engine{log: log, dir: config.RuntimeDir()}
	e.asked, e.isAsked = config.ParseCluster(address)
	e.api = newAPI(e.dial)
	e.current.Store(&kubectl{program: "kubectl", cluster: e.asked})
	e.which.Store(&engine.Info{
		Name: "Kubernetes", Host: address, Machine: machineOf(e.asked), Found: engine.FoundInSetting, Forwarded: true, Command: e.tool().line(),
	})
	return e
}

// machineOf returns what the machine of a cluster is called.
func machineOf(c config.Cluster) string {
	if c.Context == "" {
		return "Kubernetes"
	}
	return c.Context
}

// tool returns the kubectl in use.
func (e *Engine) tool() kubectl { return *e.current.Load() }

// path returns the path of objects in the namespace.
func (e *Engine) path(kind string, name ...string) string {
	return objectsPath(e.tool().cluster.Namespace, kind, name...)
}

// dial connects to the API.
func (e *Engine) dial(ctx context.Context) (net.Conn, error) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, net.ErrClosed
	}
	if e.proxy == nil {
		e.proxy = newProxy(e.tool(), e.dir)
	}
	p := e.proxy
	e.mu.Unlock()
	return p.dial(ctx)
}

// Which implements [engine.Finder].
func (e *Engine) Which() engine.Info { return *e.which.Load() }

// Await implements [engine.Finder]. Nothing on this computer tells when a cluster
// answers.
func (e *Engine) Await(ctx context.Context) { <-ctx.Done() }

// Close implements [engine.Engine].
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	p := e.proxy
	e.proxy = nil
	e.mu.Unlock()
	e.api.close()
	if p == nil {
		return nil
	}
	return p.close()
}

// Connect implements [engine.Engine]. What kubectl's configuration names is read anew
// each time.
func (e *Engine) Connect(ctx context.Context) (engine.Info, error) {
	if err := ctx.Err(); err != nil {
		return e.Which(), err
	}
	info, err := e.connect(ctx)
	if err != nil {
		return e.Which(), e.failure(err)
	}
	e.which.Store(&info)
	return info, nil
}

func (e *Engine) connect(ctx context.Context) (engine.Info, error) {
	if !e.isAsked {
		return engine.Info{}, addressProblem(e.Which().Host)
	}
	asked := kubectl{program: e.tool().program, cluster: e.asked}
	if err := e.checkProgram(ctx, asked); err != nil {
		return engine.Info{}, err
	}
	cluster, err := asked.resolve(ctx)
	if err != nil {
		return engine.Info{}, err
	}
	if err := e.use(kubectl{program: asked.program, cluster: cluster}); err != nil {
		return engine.Info{}, err
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
		Platform   string `json:"platform"`
	}
	if err := e.api.get(ctx, "/version", nil, &version); err != nil {
		return engine.Info{}, err
	}
	// Whether the login is good and the namespace is this person's shows only when asked.
	if err := e.api.get(ctx, e.path(configMaps), url.Values{"limit": {"1"}, "labelSelector": {labelManager + "=" + managerName}}, nil); err != nil {
		return engine.Info{}, err
	}
	_, arch, _ := strings.Cut(version.Platform, "/")
	info := e.Which()
	info.Version, info.API, info.Arch = strings.TrimPrefix(words(version.GitVersion), "v"), "v1", words(arch)
	info.Machine, info.Command = machineOf(cluster), e.tool().line()
	return info, nil
}

// checkProgram checks kubectl's version, once for each program that is found.
func (e *Engine) checkProgram(ctx context.Context, k kubectl) error {
	program, err := exec.LookPath(k.program)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoKubectl, err)
	}
	e.mu.Lock()
	known := e.checked == program
	e.mu.Unlock()
	if known {
		return nil
	}
	if err := k.checkVersion(ctx); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.checked = program
	return nil
}

// use directs requests to a cluster. Another one than before has a proxy of its own.
func (e *Engine) use(k kubectl) error {
	if e.tool() == k {
		return nil
	}
	e.mu.Lock()
	p := e.proxy
	e.proxy = nil
	e.current.Store(&k)
	e.mu.Unlock()
	e.api.close()
	if p == nil {
		return nil
	}
	return p.close()
}

// get returns the record of a container, nil when there is none.
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

// podOf returns the pod of a container; nil when there is none.
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
	s, err := e.secret(ctx, name)
	if err != nil {
		return engine.Container{}, err
	}
	return containerOf(*r, s, p)
}

// secret returns the environment of a container; nil when it has none.
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

// Create implements [engine.Engine].
func (e *Engine) Create(ctx context.Context, spec engine.Spec) (made engine.Created, err error) {
	facts, err := e.facts(ctx, spec.Image, spec.Platform)
	switch {
	case err != nil:
		return made, err
	case facts.Ref == "":
		return made, fmt.Errorf("%w: image %s", engine.ErrNotFound, spec.Image)
	}
	o, err := objectsOf(spec, facts.config())
	if err != nil {
		return made, e.failure(err)
	}
	var r configMap
	if err := e.api.create(ctx, e.path(configMaps), o.Record, &r); err != nil {
		return made, e.failure(err)
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
	if o.Secret != nil {
		o.Secret.Metadata.OwnerReferences = []ownerReference{ownerOf(r)}
		// One that is there is what a container has left that was removed half.
		if err := e.removeOurs(ctx, secrets, spec.Name); err != nil {
			return made, e.failure(err)
		}
		if err := e.api.create(ctx, e.path(secrets), o.Secret, nil); err != nil {
			return made, e.failure(err)
		}
	}
	if o.Claim != nil {
		err := e.api.create(ctx, e.path(claims), o.Claim, nil)
		made.Volume = err == nil
		if err != nil && !isReason(err, "AlreadyExists") {
			return made, e.failure(err)
		}
	}
	return made, nil
}

func ownerOf(r configMap) ownerReference {
	return ownerReference{APIVersion: "v1", Kind: "ConfigMap", Name: r.Metadata.Name, UID: r.Metadata.UID}
}

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
	return e.keepRun(ctx, name, lastRun{Pod: made.Metadata.UID, Started: made.Metadata.CreationTimestamp, Before: before})
}

// keepRun notes in the record what is known of the last run.
func (e *Engine) keepRun(ctx context.Context, name string, run lastRun) error {
	text, err := json.Marshal(run)
	if err != nil {
		return err
	}
	change := map[string]any{"data": map[string]string{runKey: string(text)}}
	return e.failure(e.api.patch(ctx, e.path(configMaps, name), change, nil))
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
	if err := e.keepRun(ctx, name, run); err != nil {
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
	return e.keepRun(ctx, name, stoppedRun(*last, time.Now()))
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

// removeObjects removes all of a container but its data, the record last: as long as that
// is there, the container can be removed again.
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
	for kind, name := range map[string]string{secrets: name, configMaps: filesName(name)} {
		if err := e.removeOurs(ctx, kind, name); err != nil {
			return e.failure(err)
		}
	}
	return e.failure(e.api.remove(ctx, e.path(configMaps, name), r.Metadata.UID, nil))
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

// files returns the config map of a container's files; empty when there is none.
func (e *Engine) files(ctx context.Context, name string) (c configMap, err error) {
	err = e.api.get(ctx, e.path(configMaps, filesName(name)), nil, &c)
	if isMissing(err) {
		return configMap{}, nil
	}
	if err == nil && c.Metadata.Labels[labelManager] != managerName {
		return configMap{}, nil
	}
	return c, e.failure(err)
}

// Put implements [engine.Engine]. A container that runs has the files from its next start
// on.
func (e *Engine) Put(ctx context.Context, id string, files fs.FS, written time.Time) error {
	r, err := e.found(ctx, id)
	if err != nil {
		return err
	}
	c, err := filesOf(r.Metadata.Name, ownerOf(*r), files, written)
	if err != nil {
		return err
	}
	if err := e.removeOurs(ctx, configMaps, c.Metadata.Name); err != nil {
		return e.failure(err)
	}
	return e.failure(e.api.create(ctx, e.path(configMaps), c, nil))
}

// Get implements [engine.Engine]. Of a container that does not run, only what was put into
// it can be read.
func (e *Engine) Get(ctx context.Context, id, name string) (io.ReadCloser, error) {
	r, err := e.found(ctx, id)
	if err != nil {
		return nil, err
	}
	files, err := e.files(ctx, r.Metadata.Name)
	if err != nil {
		return nil, err
	}
	packed, err := archived(files, name)
	if err == nil {
		return io.NopCloser(packed), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	k, err := e.running(ctx, id)
	if errors.Is(err, engine.ErrConflict) {
		return nil, fmt.Errorf("%w: %s: %w", engine.ErrNotFound, name, err)
	}
	if err != nil {
		return nil, err
	}
	read, err := get(ctx, k, r.Metadata.Name, archiver(name))
	if err != nil {
		return nil, e.failure(err)
	}
	return read, nil
}

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
	log, err := e.api.open(ctx, http.MethodGet, e.path(pods, name, "log"), logQuery(q), "", nil)
	if isMissing(err) || isReason(err, "BadRequest") { // it has none yet, or none any more
		return io.NopCloser(strings.NewReader("")), nil
	}
	return log, e.failure(err)
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

// Reach implements [engine.Engine].
func (e *Engine) Reach(_ context.Context, c engine.Container, port int) (engine.Route, error) {
	if _, err := engine.PublishedPort(c, port); err != nil {
		return nil, err
	}
	k, name := e.tool(), c.Name
	return newRoute(func(ctx context.Context) (*forward, error) {
		f, err := startForward(ctx, k, name, port)
		return f, e.failure(err)
	}), nil
}

// Watch implements [engine.Engine]. Containers come and go with their records, and run
// with their pods.
func (e *Engine) Watch(ctx context.Context, names []string, opened func(), event func(engine.Event)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	tell := func(name, action string) {
		mu.Lock()
		defer mu.Unlock()
		if slices.Contains(names, name) {
			event(engine.Event{Container: name, Action: action})
		}
	}
	var open sync.WaitGroup
	open.Add(2)
	var running sync.WaitGroup
	for _, w := range []watch{recordWatch(tell), podWatch(tell)} {
		w.api, w.selector = e.api, url.Values{"labelSelector": {selectorOf(names)}}
		w.path = e.path(w.path)
		running.Go(func() {
			once := sync.OnceFunc(open.Done)
			defer once()
			cancel(w.follow(ctx, once))
		})
	}
	open.Wait()
	if ctx.Err() == nil {
		opened()
	}
	running.Wait()
	return e.failure(context.Cause(ctx))
}

// selectorOf returns the selector of what containers with these names are made of.
func selectorOf(names []string) string {
	valid := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !config.IsClusterLabel(name) })
	slices.Sort(valid)
	return labelManager + "=" + managerName + "," + labelInstance + " in (" + strings.Join(valid, ",") + ")"
}

// recordWatch tells of records. What is there when it begins is no event.
func recordWatch(tell func(name, action string)) watch {
	var known map[string]string // uid by name; nil at first
	note := func(r configMap) {
		action := "update"
		if known[r.Metadata.Name] != r.Metadata.UID {
			action = "create"
		}
		known[r.Metadata.Name] = r.Metadata.UID
		tell(r.Metadata.Name, action)
	}
	lose := func(name string) {
		delete(known, name)
		tell(name, "destroy")
	}
	return watch{
		path: configMaps,
		listed: func(items []json.RawMessage) {
			now := map[string]configMap{}
			for _, item := range items {
				if r, is := readRecord(item); is {
					now[r.Metadata.Name] = r
				}
			}
			if known == nil {
				known = map[string]string{}
				for name, r := range now {
					known[name] = r.Metadata.UID
				}
				return
			}
			for name := range known {
				if _, still := now[name]; !still {
					lose(name)
				}
			}
			for _, r := range now {
				note(r)
			}
		},
		changed: func(how string, object json.RawMessage) {
			r, is := readRecord(object)
			switch {
			case !is:
			case how == "DELETED":
				lose(r.Metadata.Name)
			default:
				note(r)
			}
		},
	}
}

// readRecord reads a config map, and reports whether it is a record. Those of files are
// none.
func readRecord(object json.RawMessage) (r configMap, is bool) {
	err := json.Unmarshal(object, &r)
	return r, err == nil && r.Data[recordKey] != ""
}

// podWatch tells of pods. What is there when it begins is no event.
func podWatch(tell func(name, action string)) watch {
	var known map[string]pod // by name; nil at first
	note := func(p pod, deleted bool) {
		name := p.Metadata.Name
		before, had := known[name]
		if known[name] = p; deleted {
			delete(known, name)
		}
		for _, action := range actionsOf(before, had, p, deleted) {
			tell(name, action)
		}
	}
	return watch{
		path: pods,
		listed: func(items []json.RawMessage) {
			now := map[string]pod{}
			for _, item := range items {
				var p pod
				if json.Unmarshal(item, &p) == nil {
					now[p.Metadata.Name] = p
				}
			}
			if known == nil {
				known = now
				return
			}
			for name, before := range known {
				if _, still := now[name]; !still {
					note(before, true)
				}
			}
			for _, p := range now {
				note(p, false)
			}
		},
		changed: func(how string, object json.RawMessage) {
			var p pod
			if json.Unmarshal(object, &p) == nil {
				note(p, how == "DELETED")
			}
		},
	}
}

// actionsOf returns what happened to a container whose pod changed. A pod that is deleted
// has been asked to end, whoever asked.
func actionsOf(before pod, had bool, now pod, deleted bool) (actions []string) {
	same := had && before.Metadata.UID == now.Metadata.UID
	var wasOver, wasDying bool
	if same {
		wasOver, _ = isOver(before)
		wasDying = !before.Metadata.DeletionTimestamp.IsZero()
	}
	if !same {
		actions = append(actions, "start")
	}
	if !now.Metadata.DeletionTimestamp.IsZero() && !wasDying && !wasOver {
		actions = append(actions, "kill")
	}
	if over, _ := isOver(now); (over || deleted) && !wasOver {
		return append(actions, "die")
	}
	if len(actions) == 0 {
		actions = append(actions, "update")
	}
	return actions
}
