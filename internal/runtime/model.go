package runtime

import (
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// model is all that is known of a runtime: what is wanted and what is observed.
// It is pure: step changes nothing but the model and asks for effects.
type model struct {
	profile config.Profile

	// The engine.
	tried  bool // one attempt to reach it is over
	up     bool
	engine engine.Info
	down   *problem.Problem

	// What was observed.
	known                bool // container holds what the engine last said
	container            engine.Container
	stale                bool   // the files in it are of other settings
	misplaced            bool   // the data volume is not where it works
	previous             bool   // there is an image to go back to
	root                 string // of the server, as far as known; also when it does not run any more
	settling             bool   // the first look at a run that began before we watched is not over
	url                  jupyter.BackendURL
	open                 string
	changed              bool
	late                 *problem.Problem
	settings             *problem.Problem // what is to be known of our settings in the server
	served               bool             // Jupyter answered once in this run
	idleAt               time.Time        // when it will be stopped for idleness
	idled                startID          // the run that was
	killed               bool             // this run was sent a signal through the engine
	following            startID
	lastInspection       inspectionID
	firstValidInspection inspectionID // older inspections are out of date

	// What is wanted.
	want      verb
	op        opID
	opVerb    verb
	cancelled bool // the operation was
	pulling   bool
	progress  engine.Progress
	owned     startID // the run that our own operation began
	problem   *problem.Problem
	lastOp    opID
}

// state derives the state; the package's doc comment has the table.
func (m *model) state() State {
	switch {
	case !m.tried:
		return Unknown
	case !m.up:
		return NoEngine
	case m.op != 0 && (m.opVerb == stop || m.cancelled):
		return Stopping
	case m.op != 0 && m.pulling:
		return Pulling
	case m.op != 0 && m.opVerb.isExclusive():
		return Stopping
	case m.op != 0:
		return Starting
	case !m.known || m.settling:
		return Unknown
	case m.container.Paused:
		return Paused
	case m.container.Running && !m.url.IsZero():
		return Ready
	case m.container.Running && m.late != nil:
		return Unhealthy
	case m.container.Running:
		return Starting
	case m.problem != nil:
		return Failed
	case m.container.Exists:
		return Stopped
	default:
		return Absent
	}
}

// shownProblem returns the problem that belongs to the state.
func (m *model) shownProblem() *problem.Problem {
	switch m.state() {
	case NoEngine:
		return m.down
	case Unhealthy:
		return m.late
	case Paused:
		return pausedProblem(m.profile)
	case Failed, Starting, Ready:
		return m.problem // beside Failed: a Stop or Restart that failed
	default:
		return nil
	}
}

// stoppedIdle reports whether idleness is why the container does not run. Another
// run is another story, whoever began it.
func (m *model) stoppedIdle() bool {
	return m.state() == Stopped && m.idled != startID{} && startOf(m.container) == m.idled
}

// settled reports whether nothing that a person asked for is still under way,
// and with what problem it ended.
func (m *model) settled(v verb) (bool, *problem.Problem) {
	if v.isExclusive() {
		return m.opVerb != v && m.want != v, nil // how it ended, the job tells
	}
	if m.op != 0 || m.want != nothing {
		return false, nil
	}
	state := m.state()
	switch {
	case state == Unknown, state == Starting && v != stop && m.problem == nil:
		return false, nil
	case state == NoEngine:
		return true, m.down
	case m.problem != nil:
		return true, m.problem
	case v == stop && !m.container.Running, v != stop && state == Ready:
		return true, nil
	case v == stop:
		return true, data.StartedAgainProblem(m.container)
	case v.changesImage() && !m.container.Running:
		return true, nil
	case state == Unhealthy, state == Paused:
		return true, m.shownProblem()
	default:
		return true, stoppedMeanwhileProblem()
	}
}

// step takes in one event and returns the work it calls for.
func (m *model) step(e event) []effect {
	var fx []effect
	switch e := e.(type) {
	case engineUp:
		m.tried, m.up, m.engine, m.down = true, true, e.info, nil
		fx = append(fx, m.inspectAgain())
	case engineDown:
		m.resetRun()
		m.known, m.container, m.previous = false, engine.Container{}, false
		m.firstValidInspection = m.lastInspection + 1
		m.tried, m.up, m.down, m.want = true, false, e.problem, nothing
	case hint:
		if m.up {
			fx = append(fx, m.inspectAgain())
		}
	case killed:
		m.killed = m.running() != startID{}
	case seen:
		if m.up && !e.failed && e.inspection >= m.firstValidInspection {
			m.stale, m.misplaced = e.stale, e.misplaced
			fx = append(fx, m.observe(e.container, e.output)...)
		}
	case keptImage:
		m.previous = m.up && e.there
	case reprofiled:
		m.profile = e.profile
		if m.up { // what is in the container may be out of date now
			fx = append(fx, m.inspectAgain())
		}
		if e.kind { // the answer is to be looked for elsewhere
			m.url, m.changed, m.late, m.following = jupyter.BackendURL{}, false, nil, startID{}
		}
	case command:
		fx = append(fx, m.setWanted(e.verb)...)
	case abandoned:
		fx = append(fx, m.abandon(e.exclusive)...)
	case progressed:
		if e.op == m.op {
			m.pulling, m.progress = true, e.progress
		}
	case pulled:
		if e.op == m.op {
			m.pulling, m.progress = false, engine.Progress{}
		}
	case done:
		if e.op == m.op {
			m.finish(e)
			fx = append(fx, m.inspectAgain())
		}
	case answered:
		if m.watches(e.start) {
			m.url, m.open, m.changed, m.late, m.settling, m.served = e.url, e.open, e.changed, nil, false, true
			m.settings = e.settings
			if m.problem != nil && m.problem.Code != problem.RolledBack {
				m.problem = nil
			}
		}
	case rootFound:
		if m.watches(e.start) && m.root != e.root {
			m.root = e.root
			if !m.container.Persists(e.root) { // another container may
				fx = append(fx, m.inspectAgain())
			}
		}
	case unanswered:
		if m.watches(e.start) {
			m.settling = false
		}
	case idling:
		if e.url == m.url {
			m.idleAt = e.at
		}
	case idled:
		if e.url == m.url {
			m.idled = m.running()
		}
	case probeTimedOut:
		if m.watches(e.start) {
			m.url, m.changed, m.late, m.settling = jupyter.BackendURL{}, false, e.problem, false
		}
	}
	fx = append(fx, m.reconcile()...)
	return append(fx, m.restartWatch()...)
}

// inspectAgain asks for an inspection.
func (m *model) inspectAgain() effect {
	m.lastInspection++
	return inspection{m.lastInspection}
}

// running returns the run that is known to be going on, if any.
func (m *model) running() startID {
	if m.known && m.container.Running {
		return startOf(m.container)
	}
	return startID{}
}

// watches reports whether s is the run going on.
func (m *model) watches(s startID) bool { return m.up && s != startID{} && s == m.running() }

// resetRun drops what was observed of a run.
func (m *model) resetRun() {
	m.settling, m.killed, m.served = false, false, false
	m.url, m.open, m.changed, m.late, m.idleAt = jupyter.BackendURL{}, "", false, nil, time.Time{}
	m.settings = nil
}

// applyInspection notes what the engine says of the container.
func (m *model) applyInspection(c engine.Container) {
	if !c.Running || startOf(c) != m.running() {
		m.resetRun()
	}
	if c.ID != m.container.ID {
		m.root = ""
	}
	m.known, m.container = true, c
}

// observe takes in what the engine says of the container. Operations report
// what they did themselves; the rest was done by somebody else.
func (m *model) observe(c engine.Container, output []string) []effect {
	before, known, wasReady, served, wasKilled := m.running(), m.known, !m.url.IsZero(), m.served, m.killed
	lastRun := startOf(m.container)
	wasHealthy := !m.container.Unhealthy && !m.container.Paused
	m.applyInspection(c)
	if m.op != 0 {
		return nil
	}
	switch now := m.running(); {
	case !known && c.Running:
		m.settling = true
	case failedExit(c) && (!known || before == startID{} && startOf(c) != lastRun):
		m.problem = deathProblem(c, m.engine, output, true) // we never saw it run
	case now != before && c.Running:
		m.problem = nil // somebody started it
	case now != before:
		m.problem = nil
		if c.ID == before.container && !wasKilled {
			m.problem = deathProblem(c, m.engine, output, served)
		}
	case !c.Exists && m.problem != nil && aboutExit(m.problem):
		m.problem = nil // the container that had failed is gone
	case wasReady && wasHealthy && c.Unhealthy:
		return []effect{recheck{}}
	}
	return nil
}

// setWanted notes what a person wants.
func (m *model) setWanted(v verb) []effect {
	m.want = v
	switch {
	case m.tried && !m.up:
		return []effect{reconnect{}}
	case m.op == 0, m.cancelled, m.opVerb.isExclusive():
	case v == m.opVerb, v != stop && !v.changesImage() && !v.isExclusive() && m.opVerb != stop:
		m.want = nothing // what is under way ends in what is wanted
	case v == stop, v.isExclusive() && m.opVerb != stop:
		m.cancelled = true
		return []effect{cancel{m.op}}
	}
	return nil
}

// abandon undoes a start, or ends a job, that nobody waits for any more.
func (m *model) abandon(exclusive bool) []effect {
	switch {
	case exclusive && m.op != 0 && m.opVerb.isExclusive():
		m.cancelled = true
		return []effect{cancel{m.op}}
	case exclusive || m.op != 0 && m.opVerb.isExclusive():
		if m.want.isExclusive() == exclusive && m.want != stop {
			m.want = nothing
		}
	case m.op != 0 && m.opVerb != stop:
		m.cancelled = true
		if !m.opVerb.changesImage() && !m.want.isExclusive() { // the one leaves a runtime as it was, the other ends it
			m.want = stop
		}
		return []effect{cancel{m.op}}
	case m.want.isExclusive(): // somebody else waits for that one
	case m.want != nothing && m.want != stop:
		m.want = nothing
	case m.running() != startID{} && m.running() == m.owned && m.url.IsZero():
		m.want = stop
	}
	return nil
}

// reconcile begins the operation that leads from what is to what is wanted.
func (m *model) reconcile() []effect {
	if m.op != 0 || m.want == nothing || !m.up || !m.known {
		return nil
	}
	v := m.want
	m.want = nothing
	switch {
	case v == stop && !m.container.Running:
		m.problem = nil
		return nil
	case v.starts() && m.container.Running && !m.container.Paused:
		m.problem = nil
		return nil
	case v == restart && !m.container.Running:
		v = start
	}
	m.lastOp++
	m.op, m.opVerb, m.problem, m.settling = m.lastOp, v, nil, false
	return []effect{begin{m.op, v}}
}

// finish takes in the end of an operation.
func (m *model) finish(d done) {
	if m.up && !m.cancelled {
		m.problem = d.problem
	}
	if d.problem != nil {
		m.idled = startID{} // the stop failed
	}
	m.op, m.opVerb, m.cancelled, m.pulling, m.progress = 0, nothing, false, false, engine.Progress{}
	m.firstValidInspection = m.lastInspection + 1
	if d.known && m.up {
		m.applyInspection(d.container)
	}
	if d.started {
		m.owned = startOf(d.container)
	}
}

// restartWatch keeps the watch for Jupyter's answer on the run that is going on.
func (m *model) restartWatch() []effect {
	now := m.running()
	if m.op != 0 && !m.opVerb.starts() {
		now = startID{} // it is about to end
	}
	if now == m.following {
		return nil
	}
	m.following = now
	if now == (startID{}) {
		return []effect{unfollow{}}
	}
	return []effect{follow{m.container}}
}

// since returns when the state began, as the engine knows it; zero when it
// does not.
func (m *model) since() time.Time {
	switch m.state() {
	case Starting, Ready, Unhealthy:
		if m.container.Running {
			return m.container.StartedAt
		}
	case Stopped, Failed:
		return m.container.EndedAt
	}
	return time.Time{}
}
