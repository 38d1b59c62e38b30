package runtime

import "time"

// Bounds of the rule by which an idle runtime is stopped.
const (
	longestWarning = 5 * time.Minute  // between the warning and the stop
	warnedInterval = 20 * time.Second // between looks after the warning
)

// idleFacts are what the idle rule decides by.
type idleFacts struct {
	now    time.Time
	limit  time.Duration // after so long without use the runtime is stopped
	used   time.Time     // the last use that was known before
	warned time.Time     // when the person was warned of the stop; else zero

	answered bool      // Jupyter told when its kernels worked last
	reported time.Time // when that was; the zero time when they never did

	check *workCheck // the last check before a stop; nil before it is made
}

// workCheck is what the last check before a stop has found. Jupyter can call a
// kernel idle that works, and does not know of other programs.
type workCheck struct {
	usesCPU bool  // the container uses a processor
	busy    bool  // a kernel says that it works
	unknown error // why it is not known what the kernels do
	kept    bool  // meanwhile the person asked for the runtime to go on
}

// inUse reports whether the runtime must not be stopped. What is not known counts
// as use.
func (c workCheck) inUse() bool { return c.usesCPU || c.busy || c.unknown != nil || c.kept }

// idleAction is what the idle rule asks for.
type idleAction uint8

const (
	leaveRunning idleAction = iota
	warnOfStop
	checkWork // and decide again with what it has found
	stopIdle
)

// idleDecision is what is to be done now, and what the rule has to be told next
// time.
type idleDecision struct {
	action       idleAction
	stopAt       time.Time     // when the runtime will be stopped; zero without a warning
	again        time.Duration // how long nothing more can happen
	used, warned time.Time
}

// decide is the idle rule: a runtime is stopped when it was not used for as long
// as the limit, its person was warned in time, and a last check finds no work.
func (f idleFacts) decide() idleDecision {
	warning := min(longestWarning, f.limit/2)
	used := f.used
	switch {
	case !f.answered:
		used = f.now // what is not known counts as use
	case f.reported.After(used):
		used = f.reported
	}
	left := used.Add(f.limit).Sub(f.now)
	if left > warning {
		return idleDecision{action: leaveRunning, again: left - warning, used: used}
	}
	warned := f.warned
	if warned.IsZero() {
		warned = f.now
	}
	// It can be late for a warning: the limit was changed, or the computer slept,
	// which the clock behind now leaves out.
	left = max(left, warning-f.now.Sub(warned))
	switch {
	case left > 0:
		return idleDecision{action: warnOfStop, stopAt: f.now.Add(left), again: min(left, warnedInterval), used: used, warned: warned}
	case f.check == nil:
		return idleDecision{action: checkWork, used: used, warned: warned}
	case f.check.inUse():
		return idleDecision{action: leaveRunning, again: f.limit - warning, used: f.now}
	default:
		return idleDecision{action: stopIdle, again: f.limit, used: used, warned: warned}
	}
}
