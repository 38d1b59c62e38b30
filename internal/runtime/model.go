package runtime

import (
	"cmp"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// model is everything that is known of a runtime: what is wanted and what is
// observed. It is pure: step changes only the model and returns effects.
type model struct {
	profile config.Profile

	// The engine.
	tried  bool // the first attempt to reach the engine has ended
	up     bool // the engine answers
	engine engine.Info
	down   *problem.Problem // why the engine does not answer

	// What was observed.
	known                bool // container is valid
	container            engine.Container
	stale                bool   // its server files are of another version or other settings
	misplaced            bool   // the data volume is not where Jupyter works
	previous             bool   // there is an image to go back to
	newer                string // the digest of the image that an update would bring, if any
	newerIsNews          bool   // the registry has told newer since the program began
	root                 string // the server's root directory, if it is known; kept after the run
	settling             bool   // the run began before this program, and Jupyter is not asked yet
	url                  jupyter.BackendURL
	open                 string           // see answered
	changed              bool             // the token differs from the last known one
	late                 *problem.Problem // Jupyter has not answered for long
	settings             *problem.Problem // a warning about our settings in the server
	served               bool             // Jupyter has answered in this run
	waited               engine.Waiting   // what this run waited for before it began, if for others; else zero
	idleAt               time.Time        // when the idle runtime will be stopped
	idled                startID          // the run that was stopped because it was idle
	blocked              *problem.Problem // why the program does not listen at the port of the Backend URL
	blockedPorts         []*problem.Problem
	woken                bool    // Colab asked for the last start
	killed               bool    // somebody sent this run a signal through the engine
	following            startID // the run that is watched
	lastInspection       inspectionID
	firstValidInspection inspectionID // older inspections are out of date

	// What is wanted.
	want      verb
	op        opID // the current operation; 0 for none
	opVerb    verb
	cancelled bool // the current operation was cancelled
	pulling   bool
	progress  engine.Progress
	owned     startID          // the run that our last start began
	problem   *problem.Problem // of the last operation or the last run
	silence   *problem.Problem // that of an operation which the engine did not answer
	lastOp    opID
}

// state returns the state. The package's documentation has the table.
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
	case m.waiting().IsOpenEnded():
		return Waiting
	case m.op != 0:
		return Starting
	case !m.known:
		return Unknown
	case m.container.Paused:
		return Paused
	case m.settling:
		return Unknown
	case m.container.Running && m.blocked == nil && !m.url.IsZero():
		return Ready
	case m.container.Running && (m.blocked != nil || m.late != nil):
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
		return cmp.Or(m.blocked, m.late)
	case Paused:
		return pausedProblem(m.profile)
	case Failed, Waiting, Starting, Ready:
		return m.problem // but in Failed: a Stop or Restart has failed
	default:
		return nil
	}
}

// stoppedIdle reports whether the last run was stopped because it was idle.
func (m *model) stoppedIdle() bool {
	return m.state() == Stopped && m.idled != startID{} && startOf(m.container) == m.idled
}

// settled reports whether a request of a verb has ended, and with which problem. For
// an exclusive verb it returns no problem: the value exclusive has the result.
func (m *model) settled(v verb) (bool, *problem.Problem) {
	if v.isExclusive() {
		return m.opVerb != v && m.want != v, nil
	}
	if m.op != 0 || m.want != nothing {
		return false, nil
	}
	state := m.state()
	switch {
	case state == Unknown, state.is(Waiting, Starting) && v != stop && m.problem == nil:
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

// step handles one event and returns the effects.
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
		if m.problem == m.silence { // the state says it, until the engine answers
			m.problem = nil
		}
	case hint:
		if m.up {
			fx = append(fx, m.inspectAgain())
		}
	case killed:
		m.killed = m.running() != startID{}
	case seen:
		switch {
		case !m.up || e.inspection < m.firstValidInspection:
		case e.failed: // an answer got lost, and there may be no other hint
			fx = append(fx, inspectLater{})
		default:
			m.stale, m.misplaced = e.stale, e.misplaced
			fx = append(fx, m.observe(e.container, e.output)...)
		}
	case keptImage:
		m.previous = m.up && e.exists
	case newerImage:
		m.newerIsNews = e.digest != "" && (e.news || m.newerIsNews && e.digest == m.newer)
		m.newer = e.digest
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
	case portTaken:
		m.blocked = e.problem
	case portsTaken:
		m.blockedPorts = e.problems
	case woken:
		m.woken = m.state().is(Stopped, Failed)
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

// inspectAgain returns the effect of a new inspection.
func (m *model) inspectAgain() effect {
	m.lastInspection++
	return inspection{m.lastInspection}
}

// running returns the current run; zero if the container does not run or is not known.
func (m *model) running() startID {
	if m.known && m.container.Running {
		return startOf(m.container)
	}
	return startID{}
}

// waiting returns what the container waits for that was started; zero for nothing.
func (m *model) waiting() engine.Waiting {
	if m.running() == (startID{}) || m.container.Waiting == nil {
		return engine.Waiting{}
	}
	return *m.container.Waiting
}

// watches reports whether s is the current run.
func (m *model) watches(s startID) bool { return m.up && s != startID{} && s == m.running() }

// isPlainFor reports whether a verb ends the wait for a GPU by a start without one.
func (m *model) isPlainFor(v verb) bool {
	return v == startPlain && m.waiting().For == engine.WaitingForGPU
}

// resetRun forgets what was observed of a run.
func (m *model) resetRun() {
	m.settling, m.killed, m.served = false, false, false
	m.url, m.open, m.changed, m.late, m.idleAt = jupyter.BackendURL{}, "", false, nil, time.Time{}
	m.settings = nil
}

// applyInspection stores the engine's description of the container.
func (m *model) applyInspection(c engine.Container) {
	waits := m.waiting()
	if !c.Running || startOf(c) != m.running() {
		if waits.For != "" && m.owned == m.running() && c.Running && c.ID == m.container.ID {
			m.owned = startOf(c) // an engine can count the run from the end of the wait
		}
		m.resetRun()
	}
	switch {
	case !c.Running || c.ID != m.container.ID:
		m.waited = engine.Waiting{}
	case waits.IsOpenEnded() && m.waited.For != engine.WaitingForGPU:
		m.waited = waits
	}
	if c.ID != m.container.ID {
		m.root = ""
	}
	m.known, m.container = true, c
}

// observe stores an inspection and notices what others have done to the container.
// What our own operation does is reported by its event done.
func (m *model) observe(c engine.Container, output []string) []effect {
	before, known, wasReady, served, wasKilled := m.running(), m.known, !m.url.IsZero(), m.served, m.killed
	waited := m.waiting().For != ""
	lastRun := startOf(m.container)
	wasHealthy := !m.container.Unhealthy && !m.container.Paused
	m.applyInspection(c)
	if m.op != 0 {
		return nil
	}
	switch now := m.running(); {
	case !known && c.Running:
		m.settling = c.Waiting == nil
	case failedExit(c) && (!known || before == startID{} && startOf(c) != lastRun):
		m.problem = deathProblem(c, m.engine, output, true) // it ran before this program or between two inspections
	case now != before && c.Running && waited: // the wait is over
	case now != before && c.Running:
		m.problem, m.woken = nil, false // somebody has started it
	case now != before:
		m.problem, m.woken = nil, false
		if c.ID == before.container && (!wasKilled && !c.Stopping || c.Cause != "") {
			m.problem = deathProblem(c, m.engine, output, served)
		}
	case !c.Exists && m.problem != nil && aboutExit(m.problem):
		m.problem = nil // somebody has removed the failed container
	case wasReady && wasHealthy && c.Unhealthy:
		return []effect{recheck{}}
	}
	return nil
}

// setWanted stores what a person wants, and cancels the current operation if it is in
// the way.
func (m *model) setWanted(v verb) []effect {
	m.want, m.woken = v, m.woken && v == start
	switch {
	case m.tried && !m.up:
		return []effect{reconnect{}}
	case m.op == 0, m.cancelled, m.opVerb.isExclusive():
	case v == m.opVerb, v != stop && !v.changesImage() && !v.isExclusive() && m.opVerb != stop && !m.isPlainFor(v):
		m.want = nothing // the current operation has the wanted result
	case v == stop, m.opVerb != stop && (v.isExclusive() || m.isPlainFor(v)):
		m.cancelled = true
		return []effect{cancel{m.op}}
	}
	return nil
}

// abandon undoes a start, or cancels an exclusive operation, that nobody waits for
// any more.
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
		if !m.opVerb.changesImage() && !m.want.isExclusive() { // a cancelled update leaves the runtime as it was; a wanted exclusive operation stops it
			m.want = stop
		}
		return []effect{cancel{m.op}}
	case m.want.isExclusive(): // another caller waits for it
	case m.want != nothing && m.want != stop:
		m.want = nothing
	case m.running() != startID{} && m.running() == m.owned && m.url.IsZero():
		m.want = stop
	}
	return nil
}

// reconcile begins the operation that leads from the observed state to the wanted one.
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
	case v.starts() && m.container.Running && !m.container.Paused && !m.isPlainFor(v):
		m.problem = nil
		return nil
	case v == restart && !m.container.Running:
		v = start
	}
	m.lastOp++
	m.op, m.opVerb, m.problem, m.settling = m.lastOp, v, nil, false
	return []effect{begin{m.op, v}}
}

// finish stores the result of an operation.
func (m *model) finish(d done) {
	if m.up && !m.cancelled {
		m.problem, m.silence = d.problem, nil
		if d.silence {
			m.silence = d.problem
		}
	}
	if d.problem != nil {
		m.idled = startID{} // the stop failed
	}
	verb := m.opVerb
	m.op, m.opVerb, m.cancelled, m.pulling, m.progress = 0, nothing, false, false, engine.Progress{}
	m.firstValidInspection = m.lastInspection + 1
	if d.known && m.up {
		if d.container.ID != m.container.ID {
			m.misplaced = false // what was seen is another container's
		}
		m.applyInspection(d.container)
	}
	if d.started {
		m.owned = startOf(d.container)
		if verb.changesImage() {
			m.owned = startID{} // Jupyter has answered in it, so nothing is left to undo
		}
		m.stale = false // it was given this version's server files
	}
}

// restartWatch makes the watch for Jupyter's answer follow the current run.
func (m *model) restartWatch() []effect {
	now := m.running()
	if m.op != 0 && !m.opVerb.starts() || m.waiting().For != "" {
		now = startID{} // the operation is going to end the run, or it has not begun
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

// since returns when the state began, as far as the engine knows; zero if the engine
// does not know.
func (m *model) since() time.Time {
	switch m.state() {
	case Waiting:
		return m.waiting().Since
	case Starting, Ready, Unhealthy:
		if m.container.Running {
			return m.container.StartedAt
		}
	case Stopped, Failed:
		return m.container.EndedAt
	}
	return time.Time{}
}
