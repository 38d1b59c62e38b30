package runtime

import (
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// An event is something that happened to a runtime, as its model sees it.
type event interface{ isEvent() }

type (
	// engineUp: the engine answers and its event stream is open.
	engineUp struct{ info engine.Info }
	// engineDown: the engine does not answer, or no longer.
	engineDown struct{ problem *problem.Problem }
	// killed: somebody sent the container a signal through the engine.
	killed struct{}
	// hint: something changed; look again.
	hint struct{}
	// seen: what the inspection of that number found, with the last lines of
	// output when the container has ended.
	seen struct {
		inspection inspectionID
		container  engine.Container
		stale      bool // the files in it are of other settings
		misplaced  bool // the data volume is not where it works
		output     []string
		failed     bool // the engine could not tell
	}
	// reprofiled: what the runtime is made from is something else.
	reprofiled struct {
		profile config.Profile
		kind    bool // it is for another kind of image
	}
	// keptImage: whether there is an image to go back to.
	keptImage struct{ there bool }
	// command: a person asked for something.
	command struct{ verb verb }
	// abandoned: who asked for a start, or for a job, no longer waits for it.
	abandoned struct{ exclusive bool }
	// progressed: a pull made progress.
	progressed struct {
		op       opID
		progress engine.Progress
	}
	// pulled: the pull is over, the rest of the start goes on.
	pulled struct{ op opID }
	// done: an operation is over. The container is as it was right after.
	done struct {
		op        opID
		container engine.Container
		known     bool // container was inspected
		started   bool // the operation started the container
		problem   *problem.Problem
	}
	// answered: Jupyter answered an authenticated request.
	answered struct {
		start   startID
		url     jupyter.BackendURL
		open    string // where others reach a container that has no network of its own
		changed bool
		// settings: what is to be known of our settings in the server, if anything.
		settings *problem.Problem
	}
	// rootFound: the server shows the files of this directory.
	rootFound struct {
		start startID
		root  string
	}
	// unanswered: Jupyter did not answer the first look at a run.
	unanswered struct{ start startID }
	// idling: the runtime with this Backend URL will be stopped then, because
	// nobody uses it; the zero time is never.
	idling struct {
		url jupyter.BackendURL
		at  time.Time
	}
	// idled: the runtime with this Backend URL is stopped now, because nobody uses
	// it.
	idled struct{ url jupyter.BackendURL }
	// probeTimedOut: Jupyter has not answered for long, or no longer.
	probeTimedOut struct {
		start   startID
		problem *problem.Problem
	}
)

func (engineUp) isEvent()      {}
func (engineDown) isEvent()    {}
func (killed) isEvent()        {}
func (hint) isEvent()          {}
func (seen) isEvent()          {}
func (reprofiled) isEvent()    {}
func (keptImage) isEvent()     {}
func (command) isEvent()       {}
func (abandoned) isEvent()     {}
func (progressed) isEvent()    {}
func (pulled) isEvent()        {}
func (done) isEvent()          {}
func (answered) isEvent()      {}
func (rootFound) isEvent()     {}
func (unanswered) isEvent()    {}
func (idling) isEvent()        {}
func (idled) isEvent()         {}
func (probeTimedOut) isEvent() {}

// opID numbers the operations, inspectionID the inspections; 0 is none.
type (
	opID         uint64
	inspectionID uint64
)

// An effect is work that the model wants done outside of it.
type effect interface{ isEffect() }

type (
	// inspection: inspect the container, and fetch its last lines if it has ended.
	inspection struct{ inspection inspectionID }
	// begin: begin an operation.
	begin struct {
		op   opID
		verb verb
	}
	// cancel: end an operation early. Its done still comes.
	cancel struct{ op opID }
	// follow: watch this run for Jupyter's answer, and no other.
	follow struct{ container engine.Container }
	// recheck: ask Jupyter of the run that is followed once more.
	recheck struct{}
	// unfollow: watch no run.
	unfollow struct{}
	// reconnect: try the engine now.
	reconnect struct{}
)

func (inspection) isEffect() {}
func (begin) isEffect()      {}
func (cancel) isEffect()     {}
func (follow) isEffect()     {}
func (recheck) isEffect()    {}
func (unfollow) isEffect()   {}
func (reconnect) isEffect()  {}

// startOf identifies one run of a container.
func startOf(c engine.Container) startID { return startID{c.ID, c.StartedAt} }

// startID identifies one run of one container.
type startID struct {
	container string
	at        time.Time
}
