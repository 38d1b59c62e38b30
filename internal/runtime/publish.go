package runtime

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// Snapshot returns the current snapshot.
func (m *Manager) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current
}

// Watch returns a channel that yields the current snapshot and each new one. A slow
// receiver gets only the newest snapshot. The channel is closed when ctx ends or
// Run returns.
func (m *Manager) Watch(ctx context.Context) <-chan Snapshot {
	return m.watchers.add(ctx, &m.mu, &m.current, m.ended)
}

// publish sends the current snapshot to all watchers if it has changed.
func (m *Manager) publish() {
	next := m.snapshot()
	m.mu.Lock()
	defer m.mu.Unlock()
	if next.State == m.current.State && m.model.since().IsZero() {
		next.Since = m.current.Since
	}
	next.LastStart = m.timeStart(next.State)
	if next.State == Ready {
		m.lastToken = next.URL.Token()
	}
	next.Rev = m.current.Rev
	if same(next, m.current) {
		return
	}
	if next.State != m.current.State {
		m.log.Debug("state", "was", m.current.State.String(), "is", next.State.String())
	}
	next.Rev++
	m.current = next
	m.watchers.send(next)
	if m.changed != nil {
		m.changed()
	}
}

// timeStart measures how long starts take, and returns how long the last one took. The
// owning goroutine calls it and holds the lock.
func (m *Manager) timeStart(next State) time.Duration {
	was := m.current.State
	switch {
	case next == was:
	case next == Starting && was != Unknown:
		m.startBegan = time.Now()
	case next == Ready && was == Starting && !m.startBegan.IsZero():
		m.lastStart = time.Since(m.startBegan).Round(time.Second)
		if took := m.lastStart; took > 0 {
			m.work.Go(func() { m.starts.keep(idOf(m.Profile()).name(), took) })
		}
	}
	if next != Starting {
		m.startBegan = time.Time{}
	}
	return m.lastStart
}

// snapshot returns the snapshot of the model's state, without Rev.
func (m *Manager) snapshot() Snapshot {
	s := Snapshot{
		State:   m.model.state(),
		Since:   m.model.since(),
		Profile: m.profile.Name,
		Address: m.profile.Engine,
		Runtime: m.profile.Runtime,
		Image:   m.profile.Image,
		Port:    m.profile.Port,
		Engine:  m.model.engine,
		Problem: m.model.shownProblem(),

		Reconnecting: m.link.lostSince(),

		PreviousImage:    m.model.previous,
		NewerImage:       m.model.newer,
		NewerImageIsNews: m.model.newerIsNews,
	}
	if s.Since.IsZero() {
		s.Since = time.Now()
	}
	if s.State == NoEngine || s.State == Unknown {
		info := m.link.Info()
		s.Engine = engine.Info{Name: info.Name, Host: info.Host, Found: info.Found, Local: info.Local, Machine: info.Machine, Features: info.Features}
	}
	if m.model.known && m.model.container.Exists {
		s.Image = m.model.container.Image
		s.Container = m.model.container.ID
		s.RestartToApply = m.model.stale && m.model.container.Running ||
			s.Engine.Features.Replace && (m.model.misplaced || specOf(m.profile, m.server, m.model.engine).Differs(m.model.container))
		s.Ours = m.model.container.Ours()
		s.root = m.model.root
		s.Unsaved = unsaved(m.profile.Kind, m.model.container, m.model.root)
		if port := m.port(); port != 0 {
			c := m.model.container
			s.Port, s.InnerPort = port, jupyter.InnerPort(c, m.profile.Kind)
			_, s.Open, s.IPv6 = c.Published(c.Ports[s.InnerPort])
			s.IPv6 = s.IPv6 && !jupyter.UsesGateway(c, s.Engine)
			s.Open = cmp.Or(s.Open, m.model.open)
			if !m.model.container.Running {
				s.Open = ""
			}
		}
	}
	if s.State == Ready {
		s.URL, s.URLChanged = m.model.url, m.model.changed
		if s.Engine.Features.IdleStop {
			s.IdleStop, s.IdleStopAt = m.profile.IdleStop, m.model.idleAt
		}
	}
	s.Listens, s.Woken = m.gate.isOpen(), m.model.woken && s.State.Runs()
	s.IdleStopped = m.model.stoppedIdle()
	s.FreesGPU = s.Engine.Features.Cluster && !m.profile.GPU.None()
	if s.State.is(Waiting, Starting) {
		s.Waiting = m.model.waiting()
	}
	if s.State.is(Starting, Ready) && m.model.waiting().For == "" {
		s.Waited = m.model.waited
	}
	if s.State == Pulling {
		s.Progress = m.model.progress
	}
	s.Warnings = m.warnings(s)
	return s
}

// port returns the port of this computer that leads to Jupyter in the runtime, 0 if
// there is none.
func (m *Manager) port() int {
	return jupyter.LocalPort(m.model.container, m.profile, m.model.engine)
}

// warnings returns the warnings of a snapshot, the most serious first.
func (m *Manager) warnings(s Snapshot) []*problem.Problem {
	var all []*problem.Problem
	if w := UnsavedWarning(m.profile, s); w != nil {
		all = append(all, w)
	}
	if s.Open != "" {
		all = append(all, exposedProblem(s))
	}
	if s.URL.IsLocalhostTaken() {
		all = append(all, localhostProblem(s.URL))
	}
	if m.model.settings != nil && s.State == Ready {
		all = append(all, m.model.settings)
	}
	if s.Container != "" {
		if w := engine.WithoutWarning(specOf(m.profile, m.server, m.model.engine), m.model.container, m.model.engine); w != nil {
			all = append(all, w)
		}
		if w := deniedWarning(m.model.container, m.model.engine); w != nil {
			all = append(all, w)
		}
		if w := unmappedWarning(m.profile, m.model.container, m.model.engine); w != nil {
			all = append(all, w)
		}
	}
	if w := m.model.blocked; w != nil && s.State != Unhealthy {
		all = append(all, w)
	}
	return slices.Concat(all, m.model.blockedPorts, m.unusual)
}

// same reports whether two snapshots mean the same to a person.
func same(a, b Snapshot) bool {
	if !a.Since.Equal(b.Since) || !a.Reconnecting.Equal(b.Reconnecting) || !sameProblem(a.Problem, b.Problem) || !slices.EqualFunc(a.Warnings, b.Warnings, sameProblem) {
		return false
	}
	a.Since, b.Since = time.Time{}, time.Time{}
	a.Reconnecting, b.Reconnecting = time.Time{}, time.Time{}
	a.Problem, b.Problem = nil, nil
	a.Warnings, b.Warnings = nil, nil
	return reflect.DeepEqual(a, b)
}

// sameProblem reports whether two problems mean the same to a person.
func sameProblem(p, q *problem.Problem) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p.Code == q.Code && p.Short == q.Short && p.Hint == q.Hint && p.Command == q.Command
}
