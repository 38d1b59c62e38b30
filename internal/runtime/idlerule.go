package runtime

import "time"

// Times of the idle rule.
const (
	longestWarning = 5 * time.Minute  // the longest time between the warning and the stop
	warnedInterval = 20 * time.Second // between two checks after the warning
)

// idleFacts are the input of the idle rule.
type idleFacts struct {
	now    time.Time
	limit  time.Duration // the time without use after which the runtime is stopped
	used   time.Time     // the last use that was known before
	warned time.Time     // when the person was warned of the stop; zero if not

	answered bool      // Jupyter has answered when its kernels worked last
	reported time.Time // Jupyter's answer; zero if the kernels have never worked

	check *workCheck // the last check before a stop; nil if it is not made yet
}

// workCheck is the result of the last check before a stop. The check is needed because
// Jupyter can report a busy kernel as idle, and does not know about other programs.
type workCheck struct {
	usesCPU bool  // the container uses a processor
	busy    bool  // a kernel is busy
	unknown error // why the CPU time or the kernels' state is not known
	kept    bool  // the person has asked to keep the runtime running
}

// inUse reports whether the runtime must not be stopped. If something is not known, the
// runtime counts as in use.
func (c workCheck) inUse() bool { return c.usesCPU || c.busy || c.unknown != nil || c.kept }

// idleAction is an action that the idle rule asks for.
type idleAction uint8

const (
	leaveRunning idleAction = iota
	warnOfStop
	checkWork // check, and decide again with the result
	stopIdle
)

// idleDecision is the output of the idle rule: the action for now, and what the next
// decision needs.
type idleDecision struct {
	action       idleAction
	stopAt       time.Time     // when the runtime will be stopped; zero without a warning
	again        time.Duration // the time until the next check
	used, warned time.Time     // for the next decision
}

// decide is the idle rule. A runtime is stopped if it was not used for the limit, the
// person was warned in time, and the last check finds no work.
func (f idleFacts) decide() idleDecision {
	warning := min(longestWarning, f.limit/2)
	used := f.used
	switch {
	case !f.answered:
		used = f.now // if Jupyter does not answer, assume that the runtime is in use
	case f.reported.After(used):
		used = f.reported
	}
	if used.After(f.now) {
		used = f.now // the computer's clock was set back
	}
	left := used.Add(f.limit).Sub(f.now)
	if left > warning {
		return idleDecision{action: leaveRunning, again: left - warning, used: used}
	}
	warned := f.warned
	if warned.IsZero() {
		warned = f.now
	}
	// The limit can have passed before the warning: the limit was changed, or the
	// computer was asleep, which the monotonic clock of now does not count.
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
