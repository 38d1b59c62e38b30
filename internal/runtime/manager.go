package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/secret"
)

// Manager manages one runtime. The goroutine of [Manager.Run] owns the model;
// everybody else gets snapshots. Its methods can be called from any goroutine.
type Manager struct {
	link    *Link
	runtime string // the name of the container, which never changes
	server  Server
	tokens  *jupyter.TokenStore
	log     *slog.Logger
	changed func() // called after each change of the snapshot; can be nil

	events   chan event
	requests chan *request
	ended    chan struct{} // closed when Run returns
	keep     chan struct{} // a request not to stop the idle runtime
	stopIdle bool
	wakeFor  string
	gate     gate
	forwards forwards
	news     *ImageNews
	asks     bool
	starts   *StartTimes

	mu         sync.Mutex
	profile    config.Profile     // only the owning goroutine changes it
	unusual    []*problem.Problem // warnings about the profile's settings
	startBegan time.Time          // of the start under way; see timeStart
	lastStart  time.Duration
	lastToken  secret.Secret // of the runtime when it was ready
	current    Snapshot
	watchers   watchers[Snapshot]

	backups       string
	exclusiveSlot chan struct{} // a lock: one exclusive operation at a time
	lockPatience  time.Duration // see [data.Options]

	// Only the owning goroutine uses these.
	model             model
	waiting           []*request
	cancelOp          context.CancelFunc
	unfollow          context.CancelFunc
	recheck           chan struct{}
	exclusive         *exclusive
	way               *way // to Jupyter in the current run
	opening           bool // the gate is to be opened again
	inspecting        bool
	pendingInspection *inspection // to do after the current one
	inspectAgain      *time.Timer // asks for an inspection after one that failed
	inspectPause      time.Duration
	currentFiles      currentFiles // for the inspection in progress
	work              sync.WaitGroup
}

// request is what a person asks for, and how the caller gets the answer.
type request struct {
	verb      verb
	exclusive *exclusive // the work of an exclusive verb; else nil
	gone      bool       // the caller no longer waits: undo the request
	reply     chan *problem.Problem
}

// Options configure a [Manager], besides the link and the profile.
type Options struct {
	// Server is put into containers of kind "jupyter".
	Server Server
	// Tokens stores a hash of the last token. If it is nil, a change of the token
	// is noticed only while the program runs.
	Tokens *jupyter.TokenStore
	// StopIdle stops the runtime when it has been idle for the profile's IdleStop.
	// Only the tray sets it, because other commands end before that.
	StopIdle bool
	// WakeFor is the origin of the page that starts a stopped runtime by its requests,
	// where the profile says so; empty for none. Only programs that stay set it.
	WakeFor string
	// News has what registries have told of images. If it is nil, no newer image is
	// told.
	News *ImageNews
	// AskRegistries asks the registry of the image for News, at most once a day while
	// the runtime is ready. Only the tray sets it.
	AskRegistries bool
	// Starts remembers how long starts took. If it is nil, that is known only while
	// the program runs.
	Starts *StartTimes
	// Backups is the directory for the backups that are made before data is deleted
	// or replaced; empty for [data.BackupDir].
	Backups string
	// Locks is the directory for the locks of gateways; empty for [config.RuntimeDir].
	Locks string
	// Log is the program's log. No token is ever written to it.
	Log *slog.Logger
}

// NewManager returns the manager of the profile's runtime.
func NewManager(l *Link, p config.Profile, o Options) *Manager {
	m := newManager(l, p, o)
	l.change([]*Manager{m}, nil)
	return m
}

// newManager returns a manager that the link does not know yet.
func newManager(l *Link, p config.Profile, o Options) *Manager {
	m := &Manager{
		link:          l,
		runtime:       p.Runtime,
		profile:       p,
		model:         model{profile: p},
		server:        o.Server,
		tokens:        o.Tokens,
		log:           o.Log.With("runtime", p.Runtime),
		events:        make(chan event),
		requests:      make(chan *request),
		ended:         make(chan struct{}),
		keep:          make(chan struct{}, 1),
		stopIdle:      o.StopIdle,
		wakeFor:       o.WakeFor,
		news:          o.News,
		asks:          o.AskRegistries && o.News != nil,
		starts:        o.Starts,
		lastStart:     o.Starts.last(idOf(p).name()),
		watchers:      watchers[Snapshot]{},
		backups:       o.Backups,
		exclusiveSlot: make(chan struct{}, 1),
		recheck:       make(chan struct{}, 1),
	}
	if m.backups == "" {
		m.backups = data.BackupDir()
	}
	m.unusual = unusualProblems(p)
	m.gate.manager, m.gate.dir = m, cmp.Or(o.Locks, config.RuntimeDir())
	m.forwards = forwards{manager: m, dir: m.gate.dir, gates: map[int]*forward{}}
	m.current = m.snapshot()
	m.current.Rev, m.current.LastStart = 1, m.lastStart
	return m
}

// Run manages the runtime until ctx ends. It returns when all its work has ended.
func (m *Manager) Run(ctx context.Context) {
	defer close(m.ended)
	if m.stopIdle {
		m.work.Go(func() { m.guardIdle(ctx) })
	}
	if m.asks {
		m.work.Go(func() { m.watchRegistry(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			m.end()
			return
		case e := <-m.events:
			m.handle(ctx, e)
		case r := <-m.requests:
			m.serve(ctx, r)
		}
	}
}

// end closes the gateways, cancels the current work and waits for its end. Meanwhile it
// receives events, so that no work blocks in post.
// The guard of idle runtimes may have asked for a stop that it gives up.
func (m *Manager) end() {
	if m.inspectAgain != nil {
		m.inspectAgain.Stop()
	}
	m.gate.end()
	m.forwards.end()
	for _, cancel := range []context.CancelFunc{m.cancelOp, m.unfollow} {
		if cancel != nil {
			cancel()
		}
	}
	workEnded := make(chan struct{})
	go func() {
		m.work.Wait()
		close(workEnded)
	}()
	for {
		select {
		case <-m.events:
		case r := <-m.requests:
			if r.gone {
				r.reply <- nil
			}
		case <-workEnded:
			return
		}
	}
}

// post sends an event to the owning goroutine.
func (m *Manager) post(e event) {
	select {
	case m.events <- e:
	case <-m.ended:
	}
}

func (m *Manager) engine() engine.Engine { return m.link.engine }

// handle passes an event to the model, runs the effects, publishes the snapshot and
// answers requests.
func (m *Manager) handle(ctx context.Context, e event) {
	switch e := e.(type) {
	case seen:
		m.inspected(ctx, e)
	case reprofiled:
		m.mu.Lock()
		m.profile, m.unusual = e.profile, unusualProblems(e.profile)
		m.mu.Unlock()
	case portRetried:
		m.opening = false
	}
	for _, fx := range m.model.step(e) {
		m.runEffect(ctx, fx)
	}
	m.updateGate(ctx)
	m.publish()
	m.answerRequests()
}

// runEffect runs an effect of the model.
func (m *Manager) runEffect(ctx context.Context, fx effect) {
	switch fx := fx.(type) {
	case inspection:
		m.inspect(ctx, fx)
	case inspectLater:
		m.inspectLater()
	case begin:
		m.beginOperation(ctx, fx)
	case cancel:
		m.cancelOp()
	case follow:
		m.follow(ctx, fx.container)
	case unfollow:
		m.unfollow()
	case recheck:
		select {
		case m.recheck <- struct{}{}:
		default:
		}
	case reconnect:
		m.link.retry()
	}
}

// inspect inspects the container, one inspection at a time. Inspections that are
// asked for meanwhile become one inspection afterwards.
func (m *Manager) inspect(ctx context.Context, i inspection) {
	if m.inspecting {
		m.pendingInspection = &i
		return
	}
	m.inspecting = true
	profile, previousID, root := m.profile, m.model.container.ID, m.model.root
	token := m.model.url.Token()
	m.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
		defer cancel()
		c, err := m.engine().Inspect(ctx, profile.Runtime)
		if err != nil {
			m.log.Debug("inspection failed", "error", err)
			m.post(seen{inspection: i.inspection, failed: true})
			return
		}
		var output []string
		if c.Exists && !c.Running && !c.StartedAt.IsZero() {
			output = engine.LastLines(ctx, m.engine(), c, 20, token)
		}
		stale := c.Running && c.Waiting == nil && !m.filesAreCurrent(ctx, profile, c)
		if c.ID != previousID {
			root = ""
		}
		elsewhere, err := misplaced(ctx, m.engine(), profile, c, root)
		if err != nil {
			m.log.Debug("where the volume belongs", "error", err)
		}
		m.post(seen{inspection: i.inspection, container: c, stale: stale, misplaced: elsewhere, output: output})
		m.post(keptImage{hasPrevious(ctx, m.engine(), profile, c)})
		m.post(m.newerImage(ctx, profile, c, false))
	})
}

// Pauses before an inspection after one that failed, while the engine answers.
const (
	firstInspectPause = 250 * time.Millisecond
	lastInspectPause  = 30 * time.Second
)

// inspectLater asks for an inspection after a pause, as long as none succeeds. Each
// failure doubles the pause.
func (m *Manager) inspectLater() {
	if m.inspectAgain != nil {
		m.inspectAgain.Stop()
	}
	m.inspectPause = min(max(2*m.inspectPause, firstInspectPause), lastInspectPause)
	m.inspectAgain = time.AfterFunc(m.inspectPause, func() { m.post(hint{}) })
}

// inspected begins the inspection that was asked for during the last one.
func (m *Manager) inspected(ctx context.Context, s seen) {
	m.inspecting = false
	if m.inspectAgain != nil && !s.failed {
		m.inspectAgain.Stop()
		m.inspectAgain, m.inspectPause = nil, 0
	}
	if again := m.pendingInspection; again != nil {
		m.pendingInspection = nil
		m.inspect(ctx, *again)
	}
}

// beginOperation begins an operation in a goroutine of its own.
func (m *Manager) beginOperation(ctx context.Context, b begin) {
	ctx, m.cancelOp = context.WithCancel(ctx)
	cancel := m.cancelOp
	if m.model.engine.Forwarded || m.profile.Wake {
		m.gate.look(jupyter.LocalPort(m.model.container, m.profile, m.model.engine))
	}
	o := &operation{
		engine:    m.engine(),
		info:      m.model.engine,
		profile:   m.profile,
		server:    m.server,
		confirmed: m.model.served,
		openGate:  m.gate.open,
		openPorts: m.forwards.open,
		progress:  func(p engine.Progress) { m.post(progressed{b.op, p}) },
		pulled:    func() { m.post(pulled{b.op}) },
		data:      m.data(nil),
	}
	if b.verb.isExclusive() {
		o.exclusive = m.exclusive
	}
	token := m.model.url.Token()
	m.work.Go(func() {
		defer cancel()
		err := o.Run(ctx, b.verb)
		d := done{op: b.op, started: o.started}
		if err != nil && ctx.Err() == nil {
			m.log.Info("operation failed", "verb", b.verb.String(), "error", err)
			d.problem, d.silence = o.problem(ctx, err), errors.Is(err, engine.ErrUnreachable)
		}
		if o.exclusive != nil {
			o.exclusive.end(d.problem, err)
		}
		if c, err := o.Inspect(context.WithoutCancel(ctx)); err == nil {
			d.container, d.known = c, true
			if b.verb == stop && !c.Running {
				d.problem = nil // it is as was wanted, whatever became of the engine's answer
			}
			if d.started && !c.Running && d.problem == nil {
				d.problem = deathProblem(c, m.link.Info(), engine.LastLines(ctx, m.engine(), c, 20, token), false)
			}
		}
		m.post(d)
	})
}

// follow watches one run of the container until Jupyter answers, and ends the watch of
// an earlier run.
func (m *Manager) follow(ctx context.Context, c engine.Container) {
	if m.unfollow != nil {
		m.unfollow()
	}
	ctx, m.unfollow = context.WithCancel(ctx)
	w := &jupyter.Watch{
		Engine:    m.engine(),
		Info:      m.model.engine,
		Kind:      m.profile.Kind,
		HostPort:  jupyter.LocalPort(c, m.profile, m.model.engine),
		Container: c,
		Recheck:   m.recheck,
		Tokens:    m.tokens,
		TokenName: idOf(m.profile).name(),
		Timeout:   jupyter.RequestTimeout,
		Post:      func(r jupyter.Report) { m.post(reported(startOf(c), r)) },
	}
	m.work.Go(func() { w.Run(ctx) })
}

// reported converts a report of the watch to an event.
func reported(run startID, r jupyter.Report) event {
	switch r := r.(type) {
	case jupyter.Answer:
		return answered{start: run, url: r.URL, open: r.Open, changed: r.Changed, settings: r.Settings}
	case jupyter.Silent:
		return unanswered{run}
	case jupyter.Fault:
		return probeTimedOut{run, r.Problem}
	case jupyter.Root:
		return rootFound{run, r.Dir}
	default:
		panic(fmt.Sprintf("runtime: report %T", r))
	}
}

// Profile returns the profile of the runtime.
func (m *Manager) Profile() config.Profile {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.profile
}

// SetProfile changes the profile. The new profile must name the same runtime, or
// SetProfile panics. It does not change an existing container: a restart does.
func (m *Manager) SetProfile(p config.Profile) {
	if p.Runtime != m.runtime {
		panic("runtime: the profile of " + p.Runtime + " given to " + m.runtime)
	}
	m.post(reprofiled{p, p.Kind != m.Profile().Kind})
}

// Start starts the runtime, and creates it if there is none. It returns when Jupyter
// answers. If the start fails, the error is a *[problem.Problem]. If ctx ends
// first, Start undoes what it began and returns ctx's error.
func (m *Manager) Start(ctx context.Context) error { return m.request(ctx, start) }

// StartWithoutGPU is like [Manager.Start], but without the profile's GPU. It
// replaces a container that has a GPU; the data volume stays. The next
// [Manager.Restart] applies the profile's GPU again.
func (m *Manager) StartWithoutGPU(ctx context.Context) error { return m.request(ctx, startPlain) }

// Stop stops the runtime and returns when it has stopped. It cancels a start, also
// one that pulls an image. The error is a *[problem.Problem] or ctx's error.
func (m *Manager) Stop(ctx context.Context) error { return m.request(ctx, stop) }

// Restart stops the runtime if it runs, and starts it like [Manager.Start]. If the
// container was created from other settings than the profile's, Restart replaces
// it. The data volume stays. If the new container does not become ready, Restart
// rolls back to the old one.
func (m *Manager) Restart(ctx context.Context) error { return m.request(ctx, restart) }

// Repair is like [Manager.Restart], but also puts the settings that Colab needs into
// a container that was created by hand. It keeps the container and the data.
func (m *Manager) Repair(ctx context.Context) error { return m.request(ctx, repair) }

// Update pulls the image. If the image has changed, Update replaces the container.
// The data volume stays. If the new container does not become ready, Update rolls
// back to the old container and the old image.
func (m *Manager) Update(ctx context.Context) error { return m.request(ctx, update) }

// UndoUpdate replaces the container by one from the image before the last update. A
// second UndoUpdate undoes the first. It rolls back like [Manager.Update].
func (m *Manager) UndoUpdate(ctx context.Context) error { return m.request(ctx, revert) }

func (m *Manager) request(ctx context.Context, v verb) error {
	return m.wait(ctx, &request{verb: v, reply: make(chan *problem.Problem, 1)})
}

// wait sends a request and waits for the answer. If ctx ends first, wait withdraws the
// request and waits until it is undone.
func (m *Manager) wait(ctx context.Context, r *request) error {
	select {
	case m.requests <- r:
	case <-m.ended:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case p := <-r.reply:
		return asError(p)
	case <-m.ended:
		return context.Canceled
	case <-ctx.Done():
	}
	select {
	case m.requests <- &request{verb: r.verb, exclusive: r.exclusive, gone: true, reply: r.reply}:
		select {
		case <-r.reply:
		case <-m.ended:
		}
	case <-m.ended:
	}
	return ctx.Err()
}

// asError returns a problem as an error. A nil problem becomes a nil error, which a
// plain conversion does not do.
func asError(p *problem.Problem) error {
	if p == nil {
		return nil
	}
	return p
}

// serve handles a request, or the withdrawal of a request.
func (m *Manager) serve(ctx context.Context, r *request) {
	if !r.gone {
		if r.exclusive != nil {
			m.exclusive = r.exclusive
		}
		m.waiting = append(m.waiting, r)
		m.handle(ctx, command{r.verb})
		return
	}
	othersWait := false
	for _, w := range m.waiting {
		switch {
		case w.reply != r.reply:
			othersWait = othersWait || w.verb != stop && w.exclusive == nil
		case w.exclusive != nil:
			w.gone = true
		default:
			w.verb, w.gone = stop, true
		}
	}
	if r.exclusive != nil {
		m.handle(ctx, abandoned{exclusive: true})
		return
	}
	if r.verb == stop || othersWait {
		m.answerOne(r)
		return
	}
	m.handle(ctx, abandoned{})
}

// answerOne answers the withdrawal of one request and forgets the request.
func (m *Manager) answerOne(r *request) {
	r.reply <- nil
	for i, w := range m.waiting {
		if w.reply == r.reply {
			m.waiting = append(m.waiting[:i], m.waiting[i+1:]...)
			return
		}
	}
}

// answerRequests answers the requests that have ended.
func (m *Manager) answerRequests() {
	var waiting []*request
	for _, r := range m.waiting {
		if settled, problem := m.model.settled(r.verb); settled || r.gone && m.model.op == 0 && m.model.want == nothing {
			r.reply <- problem
		} else {
			waiting = append(waiting, r)
		}
	}
	m.waiting = waiting
}
