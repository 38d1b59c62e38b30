package jupyter

import (
	"errors"
	"syscall"
	"time"

	"colabtray/internal/problem"
)

// probeSchedule decides when to probe for Jupyter's answer, and when the wait has been
// too long: after a certain silence, or, once the server is known to be up, after a
// fixed time. Output that a probe may have caused does not break the silence.
type probeSchedule struct {
	again, tooLong *time.Timer
	delay, longest time.Duration
	first          bool             // no probe has ended yet
	starting       bool             // the container has only just started
	served         bool             // Jupyter answered once
	fixed          bool             // the deadline is fixed: the server answered or announced itself
	announced      bool             // the server announced itself or wrote an info file
	reported       bool             // a problem was reported
	fault          *problem.Problem // the reported problem, when a probe found it
	outputUntil    time.Time        // output after that does not extend the deadline
	lastProbe      time.Time        // the end of the last probe
	refusedSince   time.Time        // since when the port refuses connections after an announcement
}

// newSchedule returns a schedule for a container that started at a time. Its first probe
// is due at once.
func newSchedule(started time.Time) *probeSchedule {
	age := time.Since(started) // negative when the engine's clock is ahead
	return &probeSchedule{
		starting: age >= 0 && age < startTime,
		again:    time.NewTimer(0), tooLong: time.NewTimer(patience), first: true,
		delay: firstDelay, longest: longestDelay, outputUntil: time.Now().Add(endurance),
	}
}

// end stops the timers.
func (p *probeSchedule) end() {
	p.again.Stop()
	p.tooLong.Stop()
}

// probeTimeout limits a probe that only the timer triggered.
func (p *probeSchedule) probeTimeout(longest time.Duration) time.Duration {
	if p.first {
		return longest
	}
	return min(5*p.delay, longest)
}

// sawAnnouncement records that the server announced itself.
func (p *probeSchedule) sawAnnouncement() {
	p.announced = true
	p.fixDeadline()
}

// isThorough reports whether the next probe should read the info files: the first one
// does unless the container has only just started, those after an announcement, and
// those at the longest delay. It takes an engine long to read files.
func (p *probeSchedule) isThorough() bool {
	return p.first && !p.starting || p.announced || p.delay >= longestDelay
}

// fixDeadline fixes the deadline: output no longer extends it.
func (p *probeSchedule) fixDeadline() {
	if !p.fixed && !p.reported && !p.served {
		p.tooLong.Reset(patience)
	}
	p.fixed = true
}

// sawOutput extends the deadline after a line of output, unless a probe may have caused
// the line.
func (p *probeSchedule) sawOutput() {
	now := time.Now()
	if !p.fixed && !p.reported && now.Sub(p.lastProbe) > echo && now.Before(p.outputUntil) {
		p.tooLong.Reset(patience)
	}
}

// expire records that the deadline has passed, and reports whether the problem is new.
func (p *probeSchedule) expire() bool {
	isNew := !p.reported
	p.reported, p.longest = true, reportedDelay
	return isNew
}

// probed records the result of a probe.
func (p *probeSchedule) probed(f probeResult) {
	p.first, p.lastProbe = false, time.Now()
	if f.answered {
		p.fixDeadline()
	}
	if len(f.files) > 0 {
		p.sawAnnouncement()
	}
	switch {
	case !p.announced || !refusedConnection(f.err):
		p.refusedSince = time.Time{}
	case p.refusedSince.IsZero():
		p.refusedSince, p.delay = p.lastProbe, firstDelay
	}
}

// isRefused reports whether the port has refused connections for so long after the
// server announced itself that it will not answer any more.
func (p *probeSchedule) isRefused() bool {
	return !p.refusedSince.IsZero() && p.lastProbe.Sub(p.refusedSince) >= refusedTime
}

// alreadyReported records that a problem is reported, and reports whether the same
// problem was reported before.
func (p *probeSchedule) alreadyReported(fault *problem.Problem) bool {
	same := p.reported && fault != nil && p.fault != nil && fault.Short == p.fault.Short && fault.Hint == p.fault.Hint
	p.reported, p.fault, p.longest = true, fault, reportedDelay
	return same
}

// stop ends the probes, because Jupyter answered.
func (p *probeSchedule) stop() {
	p.end()
	p.delay, p.longest = firstDelay, longestDelay
	p.served, p.reported, p.fault = true, false, nil
}

// wait schedules the next probe after the delay, and lengthens the delay.
func (p *probeSchedule) wait() {
	p.again.Reset(p.delay)
	p.delay = min(p.delay*3/2, p.longest)
}

// refusedConnection reports whether nothing listens at the address.
func refusedConnection(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaeconnrefused)
}

// wsaeconnrefused is the error of Windows. On Windows, Go's ECONNREFUSED is an invented
// number.
const wsaeconnrefused = syscall.Errno(10061)
