package runtime

import "slices"

// State is the state of a runtime.
type State uint8

// The states of a runtime. The zero value is Unknown.
const (
	Unknown   State = iota // the engine, or Jupyter in a run that began before, has not answered yet
	NoEngine               // no engine answers
	Absent                 // the engine has no container of the runtime's name
	Pulling                // the image is being pulled
	Waiting                // the container was started, and waits for what others give free or provide, such as a GPU
	Stopped                // the container exists and does not run
	Starting               // the container is being created or started, or Jupyter does not answer yet
	Ready                  // Jupyter has answered an authenticated request through the published port
	Unhealthy              // the container runs, but Jupyter has not answered for long
	Paused                 // somebody has paused the container
	Stopping               // the container is being stopped, or its data deleted or restored
	Failed                 // the last operation or run has failed; Snapshot.Problem tells why
)

var stateNames = [...]string{
	Unknown:   "unknown",
	NoEngine:  "noengine",
	Absent:    "absent",
	Pulling:   "pulling",
	Waiting:   "waiting",
	Stopped:   "stopped",
	Starting:  "starting",
	Ready:     "ready",
	Unhealthy: "unhealthy",
	Paused:    "paused",
	Stopping:  "stopping",
	Failed:    "failed",
}

// States returns every state, in the order of their values.
func States() []State {
	states := make([]State, len(stateNames))
	for i := range stateNames {
		states[i] = State(i)
	}
	return states
}

// String returns the name of the state in lower case, as in `status --json`.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "invalid"
}

func (s State) is(one ...State) bool { return slices.Contains(one, s) }

// The methods Can... tell what a person can ask for in a state. The menu, the guide and
// the terminal offer that and nothing else.

// CanStart reports whether a start makes the runtime run. It is false while an
// operation is running, such as a delete, because a start would wait for its end.
func (s State) CanStart() bool { return s.is(NoEngine, Absent, Stopped, Failed) }

// CanContinue reports whether a start resumes the paused container.
func (s State) CanContinue() bool { return s == Paused }

// CanStop reports whether the container runs or is being started.
func (s State) CanStop() bool { return s == Pulling || s.Runs() }

// CanRestart reports whether the container runs, also if Jupyter does not answer.
func (s State) CanRestart() bool { return s.Runs() }

// CanUpdate reports whether the runtime's image can be updated.
func (s State) CanUpdate() bool { return s.is(Absent, Stopped, Ready, Unhealthy, Paused, Failed) }

// CanConnect reports whether there is a Backend URL, to copy or show it or to open
// Jupyter.
func (s State) CanConnect() bool { return s == Ready }

// CanCheck reports whether a check has a result, even if nothing runs.
func (s State) CanCheck() bool { return s != Unknown }

// CanReadLogs reports whether there may be a container with output.
func (s State) CanReadLogs() bool {
	return s.is(Stopped, Starting, Ready, Unhealthy, Paused, Stopping, Failed)
}

// CanShell reports whether a command can be run in the container.
func (s State) CanShell() bool { return s.is(Starting, Ready, Unhealthy) }

// CanDelete reports whether there may be a container and no operation is running.
func (s State) CanDelete() bool { return s.is(Waiting, Stopped, Ready, Unhealthy, Paused, Failed) }

// CanDeleteData reports whether there may be data and no operation is running.
func (s State) CanDeleteData() bool { return s == Absent || s.CanDelete() }

// Runs reports whether the container runs, as far as is known. A paused container
// counts as running, and so does one that waits: it goes on by itself.
func (s State) Runs() bool { return s.is(Waiting, Starting, Ready, Unhealthy, Paused) }
