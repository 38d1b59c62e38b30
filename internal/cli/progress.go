package cli

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// tellProgress writes to standard error what the runtime is doing, until the
// function it returns is called. A terminal gets one line that changes; a file
// gets a line for each state.
func (in *invocation) tellProgress(ctx context.Context, s *Session) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	line := &progressLine{in: in, rewrite: isTerminal(in.Stderr)}
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
	last    string
}

func (l *progressLine) show(s runtime.Snapshot) {
	text := ""
	switch s.State {
	case runtime.Pulling:
		text = i18n.T("cli.work.pull", "image", s.Image)
		if l.rewrite && s.Progress.Layers > 0 {
			text = i18n.T("cli.work.soFar", "work", text, "progress", s.Progress.Words())
		}
	case runtime.Starting:
		text = i18n.T("cli.work.start", "runtime", s.Runtime)
	case runtime.Stopping:
		text = i18n.T("cli.work.stop", "runtime", s.Runtime)
	}
	l.write(text)
}

// write shows the text, unless it is there.
func (l *progressLine) write(text string) {
	text = i18n.Line(text)
	if text == l.last || text == "" {
		return
	}
	if l.rewrite {
		fmt.Fprintf(unfiltered(l.in.Stderr), "\r%s\r%s ...", strings.Repeat(" ", utf8.RuneCountInString(l.last)+4), text)
	} else {
		fmt.Fprintf(l.in.Stderr, "%s ...\n", text)
	}
	l.last = text
}

func (l *progressLine) clear() {
	if l.rewrite && l.last != "" {
		fmt.Fprintf(unfiltered(l.in.Stderr), "\r%s\r", strings.Repeat(" ", utf8.RuneCountInString(l.last)+4))
	}
}
