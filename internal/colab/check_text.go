package colab

import (
	"fmt"
	"strings"
)

// Text returns the report for a terminal or a text viewer, with a line for each
// step, what to do below it, and the verdict at the end.
func (r Report) Text() string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%s\n", s.Text())
	}
	fmt.Fprintf(&b, "\n%s\n", r.Verdict)
	return b.String()
}

// Text returns the step in a line or a few, without a line end.
func (s Step) Text() string {
	var b strings.Builder
	status := string(s.Status)
	if s.Status == Skipped {
		status = "-"
	}
	fmt.Fprintf(&b, "%-5s %-16s %s", status, s.Name, s.Got)
	const indent = "\n                       "
	if s.Status == Fail || s.Status == Warn {
		fmt.Fprintf(&b, "%sExpected: %s", indent, s.Expected)
	}
	if s.Advice != "" {
		b.WriteString(indent + strings.ReplaceAll(strings.TrimSpace(s.Advice), "\n", indent))
	}
	if s.Command != "" {
		fmt.Fprintf(&b, "%s    %s", indent, s.Command)
	}
	return b.String()
}
