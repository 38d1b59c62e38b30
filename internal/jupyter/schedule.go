package jupyter

import (
	"errors"
	"syscall"
	"time"

	"colabtray/internal/problem"
)

// probeSchedule says when to look for Jupyter's answer, and when that was waited for in
// vain: after so long a silence, or, once the server has shown itself, after so
// long at all. What our own looks cause in the output is no sign of life.
type probeSchedule struct {
	again, tooLong *time.Timer
	delay, longest time.Duration
	first          bool             // nothing was looked at yet
	served         bool             // it answered once
	fixed          bool             // the server has shown itself, if only by an announcement
	toldOf         bool             // it is known to be up, by its own word
	timedOut       bool             // a problem was told
	fault          *problem.Problem // which one, where a look found it
	last           time.Time        // when the output stops to count
	over           time.Time        // when the last look was
	refusedSince   time.Time        // since when looks are refused after an announcement
}

func newPace() *probeSchedule {
	return &probeSchedule{
		again: time.NewTimer(0), tooLong: time.NewTimer(patience), first: true,
		delay: firstDelay, longest: longestDelay, last: time.Now().Add(endurance),
	}
}

func (p *probeSchedule) end() {
	p.again.Stop()
	p.tooLong.Stop()
}

// probeTimeout is how long a look may take that nothing but time has called for.
func (p *probeSchedule) probeTimeout(longest time.Duration) time.Duration {
	if p.first {
		return longest
	}
	return min(5*p.delay, longest)
}

// sawAnnouncement notes that the server has said that it is up.
func (p *probeSchedule) sawAnnouncement() {
	p.toldOf = true
	p.fixDeadline()
}

// isThorough reports whether it is time to look at more than whether it answers:
// when there is a reason to, and now and then.
func (p *probeSchedule) isThorough() bool { return p.first || p.toldOf || p.delay >= longestDelay }

// fixDeadline fixes the limit.
func (p *probeSchedule) fixDeadline() {
	if !p.fixed && !p.timedOut && !p.served {
		p.tooLong.Reset(patience)
	}
	p.fixed = true
}

// sawOutput takes a line of output as a sign of life, unless a look may have caused it.
func (p *probeSchedule) sawOutput() {
	now := time.Now()
	if !p.fixed && !p.timedOut && now.Sub(p.over) > echo && now.Before(p.last) {
		p.tooLong.Reset(patience)
	}
}

// expire notes that the time is over, and reports whether that is news.
func (p *probeSchedule) expire() bool {
	expired := !p.timedOut
	p.timedOut, p.longest = true, rarely
	return expired
}

// probed notes that a look is over.
func (p *probeSchedule) probed(f probeResult) {
	p.first, p.over = false, time.Now()
	if f.answered {
		p.fixDeadline()
	}
	if f.shown {
		p.sawAnnouncement()
	}
	switch {
	case !p.toldOf || !refusedConnection(f.err):
		p.refusedSince = time.Time{}
	case p.refusedSince.IsZero():
		p.refusedSince, p.delay = p.over, firstDelay
	}
}

// isRefused reports whether the port has refused us for so long that nothing can
// be expected any more of a server that is up.
func (p *probeSchedule) isRefused() bool {
	return !p.refusedSince.IsZero() && p.over.Sub(p.refusedSince) >= refusedTime
}

// shouldReport notes that a problem is told, and reports whether it was told already.
func (p *probeSchedule) shouldReport(fault *problem.Problem) bool {
	same := p.timedOut && fault != nil && p.fault != nil && fault.Short == p.fault.Short && fault.Hint == p.fault.Hint
	p.timedOut, p.fault, p.longest = true, fault, rarely
	return same
}

// stop ends the looks, for there was an answer.
func (p *probeSchedule) stop() {
	p.end()
	p.delay, p.longest = firstDelay, longestDelay
	p.served, p.timedOut, p.fault = true, false, nil
}

// wait has the next look come after the delay, which grows.
func (p *probeSchedule) wait() {
	p.again.Reset(p.delay)
	p.delay = min(p.delay*3/2, p.longest)
}

// refusedConnection reports whether nobody listens at the address.
func refusedConnection(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaeconnrefused)
}

// wsaeconnrefused is the same in the words of Windows, where the other is an
// invention of Go's.
const wsaeconnrefused = syscall.Errno(10061)
