package runtime

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
