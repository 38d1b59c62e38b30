package runtime

import (
	"reflect"
	"slices"
	"testing"

	"colabtray/internal/engine"
)

// wrongState returns what contradicts itself in a model, "" for nothing.
func wrongState(m *model) string {
	state, problem, running := m.state(), m.shownProblem(), m.running() != startID{}
	follows := m.running()
	if m.op != 0 && !m.opVerb.starts() || m.waiting().For != "" {
		follows = startID{}
	}
	switch {
	case (state == Failed || state == NoEngine || state == Unhealthy || state == Paused) && problem == nil:
		return state.String() + " without a problem"
	case state == Waiting && (m.following != startID{} || m.settling || !m.url.IsZero()):
		return "what waits is asked whether it answers"
	case state == Ready && (m.url.IsZero() || m.container.Paused || m.op != 0):
		return "ready without a Backend URL, paused, or at work"
	case !running && (!m.url.IsZero() || m.late != nil || !m.idleAt.IsZero() || m.served || m.killed):
		return "something is known of a run where none is"
	case m.following != follows:
		return "another run is watched than the one that goes on"
	case !m.up && (m.known || m.container.Exists):
		return "a container is known without an engine"
	case m.tried && m.up == (m.down != nil):
		return "the engine is there and is not"
	case (m.op == 0) != (m.opVerb == nothing):
		return "an operation without a verb, or a verb without an operation"
	case m.op == 0 && (m.cancelled || m.pulling || m.progress != engine.Progress{}):
		return "something goes on in no operation"
	case m.op > m.lastOp:
		return "an operation that did not begin"
	case m.want != nothing && m.op == 0 && m.up && m.known:
		return "nothing is done for what is wanted"
	case m.stoppedIdle() && running:
		return "stopped for idleness, and running"
	}
	for v := start; v <= restore; v++ {
		if is, _ := m.settled(v); is && (m.op != 0 && m.opVerb == v || m.want == v) {
			return v.String() + " is over while it is wanted"
		}
	}
	return ""
}

// wrongStep returns what must not happen at an event, "" for nothing. effects is
// what was asked for with it.
func wrongStep(before, after *model, e event, effects []effect) string {
	var begun []begin
	inspections, cancels, reconnects := 0, 0, 0
	for _, fx := range effects {
		switch fx := fx.(type) {
		case begin:
			begun = append(begun, fx)
		case inspection:
			inspections++
			if fx.inspection <= before.lastInspection || fx.inspection > after.lastInspection {
				return "an inspection has the number of another"
			}
		case cancel:
			cancels++
			if fx.op != before.op || !after.cancelled {
				return "something else is cancelled than the operation under way"
			}
		case follow:
			if startOf(fx.container) != after.running() {
				return "another run is followed than the one that goes on"
			}
		case reconnect:
			reconnects++
		}
	}
	ended, isDone := e.(done)
	isDone = isDone && before.op != 0 && ended.op == before.op
	switch {
	case len(begun) > 1, len(begun) == 1 && (before.op != 0 && !isDone || begun[0].op <= before.lastOp || begun[0].op != after.op || begun[0].verb != after.opVerb || !after.up):
		return "an operation begins beside another, again, or without an engine"
	case len(begun) == 1 && !after.container.Running && (begun[0].verb == stop || begun[0].verb == restart):
		return "what does not run is stopped"
	case before.op != 0 && after.op != before.op && !isDone:
		return "an operation is forgotten"
	case isDone && after.firstValidInspection <= before.lastInspection:
		return "an inspection from before the end of an operation counts"
	case isDone && len(begun) == 0 && after.op != 0:
		return "an operation goes on after its end"
	case inspections > 1 && !isDone, isDone && inspections == 0:
		return "it is looked too often, or not after an operation"
	case after.lastInspection < before.lastInspection, after.lastOp < before.lastOp, after.firstValidInspection < before.firstValidInspection:
		return "a number goes down"
	}

	unchanged := len(effects) == 0 && reflect.DeepEqual(*before, *after)
	running := before.running()
	switch e := e.(type) {
	case engineUp:
		if !after.up || inspections != 1 || after.state() == NoEngine {
			return "an engine that is there is not inspected"
		}
	case engineDown:
		if after.state() != NoEngine && after.op == 0 || after.firstValidInspection <= before.lastInspection || after.want != nothing || len(begun) > 0 {
			return "an engine that is gone is worked with"
		}
	case killed:
		if after.killed != (running != startID{}) {
			return "that somebody ends a run is not noted"
		}
	case hint:
		if (inspections == 1) != before.up {
			return "a hint is not followed by an inspection"
		}
	case seen:
		if (e.inspection < before.firstValidInspection || !before.up) && !unchanged {
			return "an inspection that is out of date counts"
		}
		if e.failed && before.up && e.inspection >= before.firstValidInspection &&
			!(reflect.DeepEqual(*before, *after) && slices.Equal(effects, []effect{inspectLater{}})) {
			return "an inspection that failed counts, or is not repeated"
		}
		died := before.up && before.op == 0 && before.want == nothing && e.inspection >= before.firstValidInspection && !e.failed && running != startID{} && startOf(e.container) == running && !e.container.Running && e.container.Exists
		if died && after.state() != Failed && failedExit(e.container) && !before.killed {
			return "a death is hidden"
		}
		if died && after.state() != Stopped && before.killed && e.container.Cause == "" {
			return "a run that somebody ended counts as dead"
		}
	case progressed:
		if e.op != before.op && !unchanged {
			return "the progress of another operation counts"
		}
	case pulled:
		if e.op != before.op && !unchanged {
			return "the pull of another operation counts"
		}
	case done:
		if e.op != before.op && !unchanged {
			return "the end of another operation counts"
		}
		if isDone && e.problem != nil && before.up && !before.cancelled && before.want == nothing && after.problem != e.problem {
			return "why an operation failed is lost"
		}
	case answered:
		if !before.watches(e.start) && !unchanged {
			return "the answer of another run counts"
		}
		if before.watches(e.start) && after.url != e.url {
			return "an answer does not count"
		}
	case unanswered:
		if !before.watches(e.start) && !unchanged {
			return "that another run is silent counts"
		}
	case rootFound:
		if !before.watches(e.start) && !unchanged {
			return "the directory of another run counts"
		}
	case probeTimedOut:
		if !before.watches(e.start) && !unchanged {
			return "that another run is silent counts"
		}
		if before.watches(e.start) && after.state() == Ready {
			return "ready without an answer"
		}
	case idling:
		if e.url != before.url && !unchanged {
			return "the idleness of another run counts"
		}
	case idled:
		if e.url != before.url && !unchanged {
			return "the idleness of another run counts"
		}
	case abandoned:
		return wrongAbandoned(before, after, e, cancels, begun)
	case command:
		return wrongCommand(before, after, e.verb, cancels, reconnects)
	}
	if cancels > 0 || before.cancelled != after.cancelled && !isDone {
		return "an operation is cancelled that nobody cancelled"
	}
	return ""
}

// wrongAbandoned is [wrongStep] for who no longer waits: what others asked for
// goes on.
func wrongAbandoned(before, after *model, e abandoned, cancels int, begun []begin) string {
	switch {
	case before.op != 0 && before.opVerb.isExclusive() != e.exclusive && cancels > 0:
		return "something else is cancelled than what was abandoned"
	case before.op != 0 && before.opVerb == stop && (cancels > 0 || after.cancelled != before.cancelled):
		return "a stop is cancelled"
	case len(begun) > 0 && (begun[0].verb != stop || before.running() != before.owned || !before.url.IsZero()):
		return "a runtime is stopped that nobody just began"
	case before.want.isExclusive() && !e.exclusive && after.want != before.want:
		return "a job is forgotten for who abandoned something else"
	case before.want == stop && after.want != stop && len(begun) == 0:
		return "a stop is forgotten"
	}
	return ""
}

// wrongCommand is [wrongStep] for what a person asked for: it is under way, will
// be, or is so already.
func wrongCommand(before, after *model, v verb, cancels, reconnects int) string {
	if (reconnects == 1) != (before.tried && !before.up) {
		return "an engine that is away is not tried, or one that is there"
	}
	if before.opVerb.isExclusive() && (cancels > 0 || after.cancelled != before.cancelled) {
		return "a job is cancelled by who did not ask for it"
	}
	if before.op != 0 && before.opVerb == stop && cancels > 0 {
		return "a stop is cancelled"
	}
	if jobFirst := v.isExclusive() && before.up && before.op != 0 && !before.opVerb.isExclusive() && before.opVerb != stop; jobFirst && !after.cancelled {
		return "a job waits for what is under way"
	}
	runs := after.known && after.container.Running && !after.container.Paused
	switch {
	case after.want == v, after.op != 0 && after.opVerb == v && !after.cancelled:
		return ""
	case v == stop && after.op == 0 && after.known && !after.container.Running:
		return ""
	case v.starts() && after.op == 0 && runs:
		return ""
	case !v.isExclusive() && v != stop && !v.changesImage() && after.op != 0 && !after.cancelled && after.opVerb != stop && !after.opVerb.isExclusive():
		return "" // what is under way ends in a run
	case v == restart && after.op != 0 && after.opVerb == start && !after.cancelled:
		return ""
	case v == stop && after.op != 0 && after.cancelled:
		return ""
	}
	return "what was asked for is forgotten"
}

// wrong lets an event happen to a model, and returns what is wrong with it.
func wrong(m *model, e event) (string, []effect) {
	before := *m
	effects := m.step(e)
	if problem := wrongStep(&before, m, e, effects); problem != "" {
		return problem, effects
	}
	return wrongState(m), effects
}

// TestModelInvariants holds what must be so whatever the table says, after every
// pair of situation and event, and after every event that comes next.
func TestModelInvariants(t *testing.T) {
	t.Parallel()
	for _, s := range situations {
		for _, first := range columns {
			for _, second := range columns {
				m := &model{}
				s.reach(m)
				if problem := wrongState(m); problem != "" {
					t.Fatalf("%s: %s", s.name, problem)
				}
				if problem, _ := wrong(m, first.make(m)); problem != "" {
					t.Errorf("%s, %s: %s", s.name, first.name, problem)
					break
				}
				if problem, _ := wrong(m, second.make(m)); problem != "" {
					t.Errorf("%s, %s, %s: %s", s.name, first.name, second.name, problem)
				}
			}
		}
	}
}
