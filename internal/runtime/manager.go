package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// Manager is what the rest of the program knows of one runtime. One goroutine,
// that of Run, owns its model; everybody else gets snapshots.
type Manager struct {
	link    *Link
	runtime string // name of the container; another name is another runtime
	server  Server
	tokens  *jupyter.TokenStore
	log     *slog.Logger
	changed func() // called after each change of the snapshot; nil for nothing

	events   chan event
	requests chan *request
	ended    chan struct{} // closed when Run is over
	keep     chan struct{}
	stopIdle bool

	mu       sync.Mutex
	profile  config.Profile     // changed by the owning goroutine alone
	unusual  []*problem.Problem // what of the profile few people mean; changed with it
	current  Snapshot
	watchers map[chan Snapshot]struct{}

	backups       string
	exclusiveSlot chan struct{} // holds what it takes to ask for a job

	// Of the owning goroutine alone.
	model             model
	waiting           []*request
	cancelOp          context.CancelFunc
	unfollow          context.CancelFunc
	recheck           chan struct{}
	exclusive         *exclusive
	looking           bool
	pendingInspection *inspection
	work              sync.WaitGroup
}

// request is a person's wish and who waits for it.
type request struct {
	verb      verb
	exclusive *exclusive // what the verb stands for, if it is one
	gone      bool       // nobody waits any more: undo it
	reply     chan *problem.Problem
}

// Options are what a [Manager] is made of besides the link and the profile.
type Options struct {
	// Server is put into containers of kind "jupyter".
	Server Server
	// Tokens remembers the last token; nil to notice changes of the token only
	// while the program runs.
	Tokens *jupyter.TokenStore
	// StopIdle stops the runtime when it is idle for as long as the profile
	// says. One program should do that: the one that stays.
	StopIdle bool
	// Backups is the directory of the backups that are made before data go; empty
	// for the usual one.
	Backups string
	// Log gets what goes on; never a token.
	Log *slog.Logger
}

// NewManager makes the manager of the profile's runtime on the link.
func NewManager(l *Link, p config.Profile, o Options) *Manager {
	m := newManager(l, p, o)
	l.change([]*Manager{m}, nil)
	return m
}

// newManager makes a manager that the link does not serve yet.
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
		watchers:      map[chan Snapshot]struct{}{},
		backups:       o.Backups,
		exclusiveSlot: make(chan struct{}, 1),
		recheck:       make(chan struct{}, 1),
	}
	if m.backups == "" {
		m.backups = data.BackupDir()
	}
	m.unusual = unusualProblems(p)
	m.current = m.snapshot()
	m.current.Rev = 1
	return m
}

// Run owns the model until ctx ends, and returns when all work it began is over.
func (m *Manager) Run(ctx context.Context) {
	defer close(m.ended)
	if m.stopIdle {
		m.work.Go(func() { m.guardIdle(ctx) })
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

// end cancels what is under way, and waits for it while taking what it reports.
// The guard of idle runtimes may have asked for a stop that it gives up.
func (m *Manager) end() {
	for _, cancel := range []context.CancelFunc{m.cancelOp, m.unfollow} {
		if cancel != nil {
			cancel()
		}
	}
	over := make(chan struct{})
	go func() {
		m.work.Wait()
		close(over)
	}()
	for {
		select {
		case <-m.events:
		case r := <-m.requests:
			if r.gone {
				r.reply <- nil
			}
		case <-over:
			return
		}
	}
}

// post hands an event to the owning goroutine.
func (m *Manager) post(e event) {
	select {
	case m.events <- e:
	case <-m.ended:
	}
}

func (m *Manager) engine() engine.Engine { return m.link.engine }

// handle lets the model take in an event, does the work it asks for, and tells
// the others what is new.
func (m *Manager) handle(ctx context.Context, e event) {
	switch e := e.(type) {
	case seen:
		m.inspected(ctx, e)
	case reprofiled:
		m.mu.Lock()
		m.profile, m.unusual = e.profile, unusualProblems(e.profile)
		m.mu.Unlock()
	}
	for _, fx := range m.model.step(e) {
		m.do(ctx, fx)
	}
	m.publish()
	m.answerRequests()
}

// do does the work that the model asks for.
func (m *Manager) do(ctx context.Context, fx effect) {
	switch fx := fx.(type) {
	case inspection:
		m.inspect(ctx, fx)
	case begin:
		m.Begin(ctx, fx)
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
		m.link.reconnect()
	}
}

// inspect inspects the container, one inspection at a time: what is asked for
// meanwhile is done once more afterwards.
func (m *Manager) inspect(ctx context.Context, l inspection) {
	if m.looking {
		m.pendingInspection = &l
		return
	}
	m.looking = true
	profile, known, root := m.profile, m.model.container.ID, m.model.root
	token := m.model.url.Token()
	m.work.Go(func() {
		inspecting, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
		defer cancel()
		c, err := m.engine().Inspect(inspecting, profile.Runtime)
		if err != nil {
			m.log.Debug("inspection failed", "error", err)
			m.post(seen{inspection: l.inspection, failed: true})
			return
		}
		var output []string
		if c.Exists && !c.Running && !c.StartedAt.IsZero() {
			output = engine.LastLines(inspecting, m.engine(), c, 20, token)
		}
		stale := c.Exists && !current(inspecting, m.engine(), m.server, profile, c)
		if c.ID != known {
			root = ""
		}
		elsewhere, err := misplaced(inspecting, m.engine(), profile, c, root)
		if err != nil {
			m.log.Debug("where the volume belongs", "error", err)
		}
		m.post(seen{inspection: l.inspection, container: c, stale: stale, misplaced: elsewhere, output: output})
		m.post(keptImage{hasPrevious(inspecting, m.engine(), profile, c)})
	})
}

// inspected begins the inspection that was asked for during the one that is over.
func (m *Manager) inspected(ctx context.Context, s seen) {
	m.looking = false
	if again := m.pendingInspection; again != nil {
		m.pendingInspection = nil
		m.inspect(ctx, *again)
	}
}

// Begin begins an operation.
func (m *Manager) Begin(ctx context.Context, b begin) {
	ctx, m.cancelOp = context.WithCancel(ctx)
	cancel := m.cancelOp
	o := &operation{
		engine:    m.engine(),
		info:      m.model.engine,
		profile:   m.profile,
		server:    m.server,
		confirmed: m.model.served,
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
			d.problem = o.Problem(ctx, err)
		}
		if o.exclusive != nil {
			o.exclusive.end(d.problem, err)
		}
		if c, err := o.Inspect(context.WithoutCancel(ctx)); err == nil {
			d.container, d.known = c, true
			if d.started && !c.Running && d.problem == nil {
				d.problem = deathProblem(c, m.link.Info(), engine.LastLines(ctx, m.engine(), c, 20, token), false)
			}
		}
		m.post(d)
	})
}

// follow watches one run for Jupyter's answer.
func (m *Manager) follow(ctx context.Context, c engine.Container) {
	if m.unfollow != nil {
		m.unfollow()
	}
	ctx, m.unfollow = context.WithCancel(ctx)
	w := &jupyter.Watch{
		Engine:    m.engine(),
		Info:      m.model.engine,
		Kind:      m.profile.Kind,
		HostPort:  jupyter.LocalPort(c, m.profile.Kind),
		Container: c,
		Recheck:   m.recheck,
		Tokens:    m.tokens,
		Timeout:   jupyter.RequestTimeout,
		Post:      func(r jupyter.Report) { m.post(reported(startOf(c), r)) },
	}
	m.work.Go(func() { w.Run(ctx) })
}

// reported makes an event of what the watch of a run has found out.
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

// Profile returns what the runtime is made from.
func (m *Manager) Profile() config.Profile {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.profile
}

// SetProfile changes what the runtime is made from, which has to have the same
// name of the runtime. A container that exists stays as it is.
func (m *Manager) SetProfile(p config.Profile) {
	if p.Runtime != m.runtime {
		panic("runtime: the profile of " + p.Runtime + " given to " + m.runtime)
	}
	m.post(reprofiled{p, p.Kind != m.Profile().Kind})
}

// Start makes the runtime run, making it first where there is none, and
// returns once Jupyter answers. It returns a *[Problem] when that fails, and
// ctx's error, after undoing what it began, when ctx ends first.
func (m *Manager) Start(ctx context.Context) error { return m.request(ctx, start) }

// StartWithoutGPU is [Manager.Start] without the GPU that the profile asks for.
// A container that has one is made anew; the data stay. The next
// [Manager.Restart] goes by the profile again.
func (m *Manager) StartWithoutGPU(ctx context.Context) error { return m.request(ctx, startPlain) }

// Stop makes the runtime stop, and returns once it has. A pull under way is
// cancelled. It returns a *[Problem] when that fails, or ctx's error.
func (m *Manager) Stop(ctx context.Context) error { return m.request(ctx, stop) }

// Restart stops the runtime if it runs, and starts it; else it is as
// [Manager.Start]. A container made from other settings than the profile's is
// made anew: the data stay, and the old container is put back if the new one
// does not become ready.
func (m *Manager) Restart(ctx context.Context) error { return m.request(ctx, restart) }

// Repair is [Manager.Restart] which also puts the settings that Colab needs
// into a container that was made by hand. Data and container stay.
func (m *Manager) Repair(ctx context.Context) error { return m.request(ctx, repair) }

// Update pulls the image anew and, when that brings another one, makes the
// container anew from it. The data stay, and the old container is put back if
// the new one does not become ready.
func (m *Manager) Update(ctx context.Context) error { return m.request(ctx, update) }

// UndoUpdate makes the container anew from the image from before the last
// update, as [Manager.Update] does; done again, it undoes that.
func (m *Manager) UndoUpdate(ctx context.Context) error { return m.request(ctx, revert) }

func (m *Manager) request(ctx context.Context, v verb) error {
	return m.wait(ctx, &request{verb: v, reply: make(chan *problem.Problem, 1)})
}

// wait hands over a request and waits for its end.
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

// asError keeps a nil problem from becoming an error that is not nil.
func asError(p *problem.Problem) error {
	if p == nil {
		return nil
	}
	return p
}

// serve takes in a request, or the news that nobody waits for it any more.
func (m *Manager) serve(ctx context.Context, r *request) {
	if !r.gone {
		if r.exclusive != nil {
			m.exclusive = r.exclusive
		}
		m.waiting = append(m.waiting, r)
		m.handle(ctx, command{r.verb})
		return
	}
	others := false
	for _, w := range m.waiting {
		switch {
		case w.reply != r.reply:
			others = others || w.verb != stop && w.exclusive == nil
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
	if r.verb == stop || others {
		m.answerOne(r)
		return
	}
	m.handle(ctx, abandoned{})
}

// answerOne answers one request at once.
func (m *Manager) answerOne(r *request) {
	r.reply <- nil
	for i, w := range m.waiting {
		if w.reply == r.reply {
			m.waiting = append(m.waiting[:i], m.waiting[i+1:]...)
			return
		}
	}
}

// answerRequests answers the requests whose outcome is known.
func (m *Manager) answerRequests() {
	var waiting []*request
	for _, r := range m.waiting {
		if over, problem := m.model.settled(r.verb); over || r.gone && m.model.op == 0 && m.model.want == nothing {
			r.reply <- problem
		} else {
			waiting = append(waiting, r)
		}
	}
	m.waiting = waiting
}
