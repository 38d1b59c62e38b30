package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// tellProgress writes to standard error what the runtime is doing, until the
// function it returns is called. A terminal gets one line that changes; a file
// gets a line for each state.
func (in *invocation) tellProgress(ctx context.Context, s *Session) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	line := in.progressLine()
	go func() {
		defer close(over)
		for snapshot := range s.Runtime.Watch(ctx) {
			line.show(snapshot)
		}
		line.clear()
	}()
	return func() {
		cancel()
		<-over
	}
}

// progressLine is the line that tells how far it is.
type progressLine struct {
	in      *invocation
	rewrite bool
	pace    pace
	last    string
}

// progressLine makes the line, which a terminal that can do so shows in one place.
func (in *invocation) progressLine() *progressLine {
	return &progressLine{in: in, rewrite: isTerminal(in.Stderr) && !in.isDumb()}
}

func (l *progressLine) show(s runtime.Snapshot) {
	switch s.State {
	case runtime.Pulling:
		work := i18n.T("cli.work.pull", "image", s.Image)
		if s.Progress.Layers == 0 {
			l.write(work)
			return
		}
		l.writeProgress(work, s.Progress.Words(), s.Progress.Bytes, s.Progress.Total)
	case runtime.Waiting:
		l.write(i18n.Named(s.Runtime, s.Say(runtime.WordSince)))
	case runtime.Starting:
		l.write(i18n.T("cli.work.start", "runtime", s.Runtime))
	case runtime.Stopping:
		l.write(i18n.T("cli.work.stop", "runtime", s.Runtime))
	}
}

// writeProgress shows how far a piece of work is, where a person sees it change.
func (l *progressLine) writeProgress(work, amount string, done, total int64) {
	if !l.rewrite {
		l.write(work)
		return
	}
	l.pace.add(time.Now(), done)
	parts := []string{amount}
	if total > 0 {
		parts = []string{i18n.T("cli.work.percent", "percent", min(max(done, 0), total)*100/total), amount}
	}
	if rate := l.pace.rate(); rate > 0 && done < total {
		parts = append(parts, i18n.T("cli.work.rate", "rate", i18n.Bytes(int64(rate))), timeLeft(float64(total-done)/rate))
	}
	progress := strings.Join(parts, ", ")
	if columns := columns(l.in.Stderr); columns >= leastColumns {
		work = cut(work, max(columns-len(dots)-2-cells(progress)-1, leastColumns/2))
	}
	l.write(i18n.T("cli.work.soFar", "work", work, "progress", progress))
}

// timeLeft tells how long it still takes.
func timeLeft(seconds float64) string {
	const minute, hour = 60, 3600
	switch {
	case seconds < minute:
		return i18n.T("cli.work.secondsLeft", "count", max(int(seconds+0.5), 1))
	case seconds < hour:
		return i18n.T("cli.work.minutesLeft", "count", int(seconds/minute+0.5))
	default:
		return i18n.T("cli.work.hoursLeft", "hours", i18n.Decimal(min(seconds/hour, 999)))
	}
}

// dots are behind what is not done yet.
const dots = " ..."

// write shows the text, unless it is there.
func (l *progressLine) write(text string) {
	text = i18n.Line(text)
	if text == "" {
		return
	}
	if l.rewrite {
		if columns := columns(l.in.Stderr); columns >= leastColumns {
			text = cut(text, columns-len(dots)-1) // a line that is written over is a single one
		}
	}
	if text == l.last {
		return
	}
	if l.rewrite {
		l.clear()
		fmt.Fprint(unfiltered(l.in.Stderr), text+dots)
	} else {
		fmt.Fprintln(l.in.Stderr, text+dots)
	}
	l.last = text
}

// clear takes the line away, so that another can take its place.
func (l *progressLine) clear() {
	if l.rewrite && l.last != "" {
		fmt.Fprintf(unfiltered(l.in.Stderr), "\r%s\r", strings.Repeat(" ", cells(l.last)+len(dots)))
	}
	l.last = ""
}

// pace tells how fast bytes come, by those of the last seconds.
type pace struct{ samples []sample }

type sample struct {
	at    time.Time
	bytes int64
}

// What a rate is made from: long enough not to jump, and short enough to be current.
const (
	paceLeast = time.Second
	paceMost  = 10 * time.Second
)

// add notes how many bytes there are. Fewer than before belong to other work.
func (p *pace) add(now time.Time, bytes int64) {
	if n := len(p.samples); n > 0 && bytes < p.samples[n-1].bytes {
		p.samples = nil
	}
	p.samples = append(p.samples, sample{now, bytes})
	for len(p.samples) > 2 && now.Sub(p.samples[1].at) >= paceMost {
		p.samples = p.samples[1:]
	}
}

// rate returns the bytes per second; 0 if it is not known yet.
func (p *pace) rate() float64 {
	if len(p.samples) == 0 {
		return 0
	}
	first, last := p.samples[0], p.samples[len(p.samples)-1]
	took := last.at.Sub(first.at)
	if took < paceLeast {
		return 0
	}
	return float64(last.bytes-first.bytes) / took.Seconds()
}
