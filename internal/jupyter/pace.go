package jupyter

import (
	"errors"
	"syscall"
	"time"

	"colabtray/internal/problem"
)

// pace says when to look for Jupyter's answer, and when that was waited for in
// vain: after so long a silence, or, once the server has shown itself, after so
// long at all. What our own looks cause in the output is no sign of life.
type pace struct {
	again, tooLong *time.Timer
	delay, longest time.Duration
	first          bool             // nothing was looked at yet
	served         bool             // it answered once
	fixed          bool             // the server has shown itself, if only by an announcement
	toldOf         bool             // it is known to be up, by its own word
	late           bool             // a problem was told
	fault          *problem.Problem // which one, where a look found it
	last           time.Time        // when the output stops to count
	over           time.Time        // when the last look was
	refusedSince   time.Time        // since when looks are refused after an announcement
}

func newPace() *pace {
	return &pace{
		again: time.NewTimer(0), tooLong: time.NewTimer(patience), first: true,
		delay: firstDelay, longest: longestDelay, last: time.Now().Add(endurance),
	}
}

func (p *pace) end() {
	p.again.Stop()
	p.tooLong.Stop()
}

// limit is how long a look may take that nothing but time has called for.
func (p *pace) limit(longest time.Duration) time.Duration {
	if p.first {
		return longest
	}
	return min(5*p.delay, longest)
}

// announced notes that the server has said that it is up.
func (p *pace) announced() {
	p.toldOf = true
	p.fix()
}

// thorough reports whether it is time to look at more than whether it answers:
// when there is a reason to, and now and then.
func (p *pace) thorough() bool { return p.first || p.toldOf || p.delay >= longestDelay }

// fix fixes the limit.
func (p *pace) fix() {
	if !p.fixed && !p.late && !p.served {
		p.tooLong.Reset(patience)
	}
	p.fixed = true
}

// spoke takes a line of output as a sign of life, unless a look may have caused it.
func (p *pace) spoke() {
	now := time.Now()
	if !p.fixed && !p.late && now.Sub(p.over) > echo && now.Before(p.last) {
		p.tooLong.Reset(patience)
	}
}

// giveUp notes that the time is over, and reports whether that is news.
func (p *pace) giveUp() bool {
	news := !p.late
	p.late, p.longest = true, rarely
	return news
}

// looked notes that a look is over.
func (p *pace) looked(f finding) {
	p.first, p.over = false, time.Now()
	if f.heard {
		p.fix()
	}
	if f.shown {
		p.announced()
	}
	switch {
	case !p.toldOf || !refusedConnection(f.err):
		p.refusedSince = time.Time{}
	case p.refusedSince.IsZero():
		p.refusedSince, p.delay = p.over, firstDelay
	}
}

// refused reports whether the port has refused us for so long that nothing can
// be expected any more of a server that is up.
func (p *pace) refused() bool {
	return !p.refusedSince.IsZero() && p.over.Sub(p.refusedSince) >= refusedTime
}

// tell notes that a problem is told, and reports whether it was told already.
func (p *pace) tell(fault *problem.Problem) bool {
	same := p.late && fault != nil && p.fault != nil && fault.Short == p.fault.Short && fault.Hint == p.fault.Hint
	p.late, p.fault, p.longest = true, fault, rarely
	return same
}

// rest ends the looks, for there was an answer.
func (p *pace) rest() {
	p.end()
	p.delay, p.longest = firstDelay, longestDelay
	p.served, p.late, p.fault = true, false, nil
}

// wait has the next look come after the delay, which grows.
func (p *pace) wait() {
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
