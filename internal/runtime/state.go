package runtime

import "slices"

// State is what a runtime is doing, as far as the engine can tell.
type State uint8

// The states of a runtime. The zero value is Unknown.
const (
	Unknown   State = iota // nothing has been heard from the engine yet
	NoEngine               // no engine answers
	Absent                 // the engine has no container of that name
	Pulling                // the image is being pulled
	Stopped                // the container exists and does not run
	Starting               // the container is being made or started, or Jupyter does not answer yet
	Ready                  // an authenticated request through the published port was answered
	Unhealthy              // the container runs, but Jupyter has not answered for long
	Paused                 // the container is paused: its programs stand still until it goes on
	Stopping               // the container is being stopped
	Failed                 // the last thing asked for failed; Snapshot.Problem says why
)

var stateNames = [...]string{
	Unknown:   "unknown",
	NoEngine:  "noengine",
	Absent:    "absent",
	Pulling:   "pulling",
	Stopped:   "stopped",
	Starting:  "starting",
	Ready:     "ready",
	Unhealthy: "unhealthy",
	Paused:    "paused",
	Stopping:  "stopping",
	Failed:    "failed",
}

// States lists every state, in the order of their values.
func States() []State {
	states := make([]State, len(stateNames))
	for i := range stateNames {
		states[i] = State(i)
	}
	return states
}

// String returns the name of the state in lower case, as `status --json` has it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "invalid"
}

func (s State) is(one ...State) bool { return slices.Contains(one, s) }

// What a person can ask for in each state. The menu, the page and the terminal
// offer that and nothing else.

// CanStart reports whether a start makes a runtime run. While something else is
// under way it does not: a start would wait for it, be it a delete.
func (s State) CanStart() bool { return s.is(NoEngine, Absent, Stopped, Failed) }

// CanContinue reports whether a start lets a paused container go on.
func (s State) CanContinue() bool { return s == Paused }

// CanStop reports whether something runs, or is about to.
func (s State) CanStop() bool { return s.is(Pulling, Starting, Ready, Unhealthy, Paused) }

// CanRestart reports whether a container runs. One that does not get ready is
// one of them.
func (s State) CanRestart() bool { return s.Runs() }

// CanUpdate reports whether another image can take the place of the runtime's.
func (s State) CanUpdate() bool { return s.is(Absent, Stopped, Ready, Unhealthy, Paused, Failed) }

// CanConnect reports whether there is a Backend URL: to copy, to show, to open
// Jupyter with.
func (s State) CanConnect() bool { return s == Ready }

// CanCheck reports whether a check can tell anything, be it that nothing runs.
func (s State) CanCheck() bool { return s != Unknown }

// CanReadLogs reports whether there may be a container, with an output.
func (s State) CanReadLogs() bool {
	return s.is(Stopped, Starting, Ready, Unhealthy, Paused, Stopping, Failed)
}

// CanDelete reports whether there may be a container that nothing is being done
// to.
func (s State) CanDelete() bool { return s.is(Stopped, Ready, Unhealthy, Paused, Failed) }

// CanDeleteData reports whether there may be data that nothing is being done to.
func (s State) CanDeleteData() bool { return s == Absent || s.CanDelete() }

// Runs reports whether a container runs, as far as is known; a paused one does.
func (s State) Runs() bool { return s.is(Starting, Ready, Unhealthy, Paused) }
