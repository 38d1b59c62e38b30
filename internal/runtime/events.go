package runtime

import (
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// event is an input of the model. See the package's documentation for its effect.
type event interface{ isEvent() }

type (
	// engineUp: the engine answers, and its event stream is open.
	engineUp struct{ info engine.Info }
	// engineDown: the engine does not answer.
	engineDown struct{ problem *problem.Problem }
	// relinked: the connection to the engine's machine was lost for long, or stands again.
	relinked struct{}
	// killed: somebody has sent the container a signal through the engine.
	killed struct{}
	// hint: something has changed; inspect.
	hint struct{}
	// seen: the result of an inspection, with the last lines of output if the
	// container has ended.
	seen struct {
		inspection inspectionID
		container  engine.Container
		stale      bool // its server files are of another version or other settings
		misplaced  bool // the data volume is not where Jupyter works
		output     []string
		failed     bool // the inspection failed
	}
	// reprofiled: the profile has changed.
	reprofiled struct {
		profile config.Profile
		kind    bool // the kind of the image has changed
	}
	// keptImage: whether there is an image to go back to.
	keptImage struct{ exists bool }
	// newerImage: the digest of the image that an update would bring; empty for none.
	// news tells that the registry has told it just now, and not before.
	newerImage struct {
		digest string
		news   bool
	}
	// command: a person has asked for something.
	command struct{ verb verb }
	// abandoned: the caller no longer waits for a start, or for an exclusive
	// operation.
	abandoned struct{ exclusive bool }
	// progressed: a pull has made progress.
	progressed struct {
		op       opID
		progress engine.Progress
	}
	// pulled: the pull has ended; the rest of the operation goes on.
	pulled struct{ op opID }
	// done: an operation has ended. container is its state right after that.
	done struct {
		op        opID
		container engine.Container
		known     bool // container was inspected
		started   bool // the operation started the container
		problem   *problem.Problem
		silence   bool // problem is that the engine did not answer
	}
	// answered: Jupyter has answered an authenticated request.
	answered struct {
		start   startID
		url     jupyter.BackendURL
		open    string // address at which other computers reach a container in the host's network
		changed bool
		// settings: a warning about our settings in the server; nil if there is none.
		settings *problem.Problem
	}
	// rootFound: root is the directory whose files the server shows.
	rootFound struct {
		start startID
		root  string
	}
	// portTaken: the port of the Backend URL, at which the program is to listen, is in
	// use.
	portTaken struct{ problem *problem.Problem }
	// portsTaken: other ports, at which the program is to listen for a container on
	// another machine, are in use.
	portsTaken struct{ problems []*problem.Problem }
	// portRetried: they are to be listened at again.
	portRetried struct{}
	// woken: the start that follows was asked for by Colab, and not by a person here.
	woken struct{}
	// unanswered: Jupyter has not answered the first request in a run.
	unanswered struct{ start startID }
	// idling: the runtime with this Backend URL is idle and will be stopped at that
	// time; the zero time means never.
	idling struct {
		url jupyter.BackendURL
		at  time.Time
	}
	// idled: the runtime with this Backend URL is being stopped because it is idle.
	idled struct{ url jupyter.BackendURL }
	// probeTimedOut: Jupyter has not answered for long.
	probeTimedOut struct {
		start   startID
		problem *problem.Problem
	}
)

func (engineUp) isEvent()      {}
func (engineDown) isEvent()    {}
func (relinked) isEvent()      {}
func (killed) isEvent()        {}
func (hint) isEvent()          {}
func (seen) isEvent()          {}
func (reprofiled) isEvent()    {}
func (keptImage) isEvent()     {}
func (newerImage) isEvent()    {}
func (command) isEvent()       {}
func (abandoned) isEvent()     {}
func (progressed) isEvent()    {}
func (pulled) isEvent()        {}
func (done) isEvent()          {}
func (answered) isEvent()      {}
func (rootFound) isEvent()     {}
func (unanswered) isEvent()    {}
func (portTaken) isEvent()     {}
func (portsTaken) isEvent()    {}
func (portRetried) isEvent()   {}
func (woken) isEvent()         {}
func (idling) isEvent()        {}
func (idled) isEvent()         {}
func (probeTimedOut) isEvent() {}

// opID numbers operations, inspectionID numbers inspections. Both count from 1; 0 is
// none.
type (
	opID         uint64
	inspectionID uint64
)

// effect is an output of the model: work for the manager.
type effect interface{ isEffect() }

type (
	// inspection: inspect the container, and read its last lines of output if it has
	// ended.
	inspection struct{ inspection inspectionID }
	// inspectLater: inspect after a pause, unless an inspection succeeds before.
	inspectLater struct{}
	// begin: begin an operation.
	begin struct {
		op   opID
		verb verb
	}
	// cancel: cancel an operation. Its event done still comes.
	cancel struct{ op opID }
	// follow: watch this run until Jupyter answers, and no other run.
	follow struct{ container engine.Container }
	// recheck: ask Jupyter again in the run that is watched.
	recheck struct{}
	// unfollow: watch no run.
	unfollow struct{}
	// reconnect: try to reach the engine now.
	reconnect struct{}
)

func (inspection) isEffect()   {}
func (inspectLater) isEffect() {}
func (begin) isEffect()        {}
func (cancel) isEffect()       {}
func (follow) isEffect()       {}
func (recheck) isEffect()      {}
func (unfollow) isEffect()     {}
func (reconnect) isEffect()    {}

// startOf returns the ID of a container's current or last run.
func startOf(c engine.Container) startID { return startID{c.ID, c.StartedAt} }

// startID identifies one run of one container.
type startID struct {
	container string
	at        time.Time
}
