package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/gateway"
	"colabtray/internal/jupyter"
	"colabtray/internal/secret"
)

// A container whose port is not that of the Backend URL has a gateway at the latter
// ([jupyter.UsesGateway]). The manager has it while the container runs and, where the
// program wakes the runtime, while it is stopped. An operation opens it before it starts
// the container, so that a port in use is a failed start as with any other container.

// openAgain is the time between attempts to open a gateway whose port is in use, or that
// another program of the person has.
const openAgain = time.Second

// gate is the gateway of a runtime, open or not. Its methods can be called from any
// goroutine.
type gate struct {
	manager *Manager
	dir     string // for locks

	mu      sync.Mutex
	ended   bool             // nothing is opened any more
	held    bool             // another process of the person has it
	beside  bool             // one has it or had it
	gateway *gateway.Gateway // nil while closed
	way     *way
	waking  *gateway.Waking
}

// open opens the gateway at a port, or closes it for port 0. It keeps one that is open
// there.
func (g *gate) open(port int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended || g.gateway != nil && g.gateway.Port() == port {
		return nil
	}
	return g.replace(port)
}

// end closes the gateway for good.
func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	_ = g.replace(0)
}

// replace opens the gateway at another port; the caller holds the lock.
func (g *gate) replace(port int) error {
	var next *gateway.Gateway
	if port != 0 {
		err := config.EnsurePrivateDir(g.dir)
		if err == nil {
			next, err = gateway.Listen(port, g.dir, gateTarget(g.manager.link.Info().Host, g.manager.runtime), g.manager.log)
		}
		g.held = errors.Is(err, gateway.ErrHeld)
		g.beside = g.beside || g.held
		if errors.Is(err, gateway.ErrInUse) {
			err = fmt.Errorf("%w: %w", engine.ErrPortInUse, err)
		}
		if err != nil {
			return err
		}
		next.Lead(g.way.dialer(), g.waking)
	}
	g.held = g.held && port != 0
	if old := g.gateway; old != nil {
		old.Close()
		g.manager.work.Go(old.Wait)
	}
	g.gateway = next
	return nil
}

// isOpen reports whether this program has the gateway.
func (g *gate) isOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gateway != nil
}

// isOurs reports whether this or another process of the person has the gateway.
func (g *gate) isOurs() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gateway != nil || g.held
}

// look notes whether another process of the person has the gateway at a port.
func (g *gate) look(port int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.gateway == nil && gateway.IsHeld(g.dir, gateTarget(g.manager.link.Info().Host, g.manager.runtime), port) {
		g.beside = true
	}
}

// isBeside reports whether another process of the person has the gateway, or had it.
func (g *gate) isBeside() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.beside
}

// lead sets where the gateway leads, now and when it is opened.
func (g *gate) lead(to *way, waking *gateway.Waking) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.way, g.waking = to, waking
	if g.gateway != nil {
		g.gateway.Lead(to.dialer(), waking)
	}
}

// way is the way to Jupyter in one run of a container. A nil way leads nowhere.
type way struct {
	run   startID
	reach func(context.Context) (engine.Route, error)

	mu    sync.Mutex
	route engine.Route // once somebody has connected
}

func (w *way) dialer() gateway.Way {
	if w == nil {
		return nil
	}
	return w.dial
}

func (w *way) dial(ctx context.Context) (net.Conn, error) {
	w.mu.Lock()
	var err error
	if w.route == nil {
		w.route, err = w.reach(ctx)
	}
	route := w.route
	w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return route.Dial(ctx)
}

func (w *way) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.route != nil {
		_ = w.route.Close()
	}
}

// updateGate makes the gateway as the model says. It stays as it is while the engine does
// not answer, for the container may run on. During an operation that starts the container,
// the operation opens it.
func (m *Manager) updateGate(ctx context.Context) {
	if !m.model.known {
		return
	}
	m.leadGate()
	if m.model.op != 0 && m.model.opVerb != stop {
		return
	}
	err := m.gate.open(m.model.gatePort(m.wakeFor != ""))
	if err == nil {
		m.model.blocked = nil
	}
	failed := m.forwards.open(forwardedPorts(m.profile, m.model.container, m.model.engine))
	if len(failed) == 0 {
		m.model.blockedPorts = nil
	}
	if (err != nil || len(failed) > 0) && !m.opening {
		m.opening = true
		m.work.Go(func() { m.openLater(ctx, err, failed) })
	}
}

// leadGate sets where the gateways lead.
func (m *Manager) leadGate() {
	c, run := m.model.container, m.model.running()
	if m.model.waiting().For != "" { // nothing listens in it yet
		run = startID{}
	}
	m.forwards.leadTo(run, c)
	if m.way != nil && m.way.run != run {
		old := m.way
		m.way = nil
		m.work.Go(old.close)
	}
	if m.way == nil && run != (startID{}) {
		e, inner := m.engine(), jupyter.InnerPort(c, m.profile.Kind)
		m.way = &way{run: run, reach: func(ctx context.Context) (engine.Route, error) { return e.Reach(ctx, c, inner) }}
	}
	if m.wakeFor == "" || !m.profile.Wake {
		m.gate.lead(m.way, nil)
		return
	}
	waking := &gateway.Waking{Origin: m.wakeFor, Token: m.isToken, Wake: m.wake}
	if m.model.state().is(Waiting, Starting) { // whoever asks waits for Jupyter
		m.gate.lead(nil, waking)
	} else {
		m.gate.lead(m.way, waking)
	}
}

// openLater tells why gateways are not open, and has them tried again after a while. A
// program of the person's that has a gateway is no problem.
func (m *Manager) openLater(ctx context.Context, err error, failed map[int]error) {
	o := &operation{engine: m.engine(), info: m.link.Info(), profile: m.Profile()}
	if err != nil && !errors.Is(err, gateway.ErrHeld) {
		m.log.Warn("the port of the Backend URL cannot be listened at", "error", err)
		m.post(portTaken{o.problem(ctx, err)})
	}
	if all := o.portProblems(ctx, failed); len(all) > 0 {
		m.log.Debug("ports cannot be listened at", "error", failed)
		m.post(portsTaken{all})
	}
	select {
	case <-ctx.Done():
	case <-time.After(openAgain):
	}
	m.post(portRetried{})
}

// isToken reports whether a token is the last one of the runtime, as far as it is
// remembered. It takes the same time for each wrong one.
func (m *Manager) isToken(t secret.Secret) bool {
	m.mu.Lock()
	last := m.lastToken
	m.mu.Unlock()
	return last.Is(t) || m.tokens.Is(idOf(m.Profile()).name(), t)
}

// wake starts the runtime because Colab asks for it.
func (m *Manager) wake(ctx context.Context) error {
	if s := m.Snapshot(); s.Container == "" || !s.State.is(Stopped, Failed, Starting, Ready) {
		return gateway.ErrNotNow
	}
	m.post(woken{})
	return m.Start(ctx)
}

// gatePort returns the port at which the program is to listen, 0 for none. wakes tells
// that it listens for a stopped runtime, too.
func (m *model) gatePort(wakes bool) int {
	if !jupyter.UsesGateway(m.container, m.engine) || !m.container.Running && !(wakes && m.profile.Wake) {
		return 0
	}
	return jupyter.LocalPort(m.container, m.profile, m.engine)
}

// startContainer starts a container, with its gateways if it has some.
func (o *operation) startContainer(ctx context.Context, id string) error {
	c, err := o.engine.Inspect(ctx, id)
	if err != nil {
		return err
	}
	port := 0
	if jupyter.UsesGateway(c, o.info) {
		port = jupyter.LocalPort(c, o.profile, o.info)
	}
	if err := o.openGate(port); err != nil && !errors.Is(err, gateway.ErrHeld) {
		return err
	}
	if err := o.openForwards(); err != nil {
		return err
	}
	return o.engine.Start(ctx, id)
}
