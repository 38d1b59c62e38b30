package colab

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"colabtray/internal/i18n"
)

// Text returns the report for a terminal or a text viewer: a line for each step, the
// advice below the line, and the verdict at the end.
func (r Report) Text() string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%s\n", s.Text())
	}
	fmt.Fprintf(&b, "\n%s\n", r.Verdict)
	return b.String()
}

// Text returns the step in one or more lines, without a line end.
func (s Step) Text() string {
	var b strings.Builder
	status, name := widest(i18n.Table("check.status")), widest(i18n.Table("check.step"))
	fmt.Fprintf(&b, "%-*s  %-*s  %s", status, i18n.T("check.status."+string(s.Status)), name, s.Name, s.Got)
	indent := "\n" + strings.Repeat(" ", status+2+name+2)
	if s.Status == Fail || s.Status == Warn {
		b.WriteString(indent + i18n.T("check.expected", "what", s.Expected))
	}
	if s.Advice != "" {
		b.WriteString(indent + strings.ReplaceAll(strings.TrimSpace(s.Advice), "\n", indent))
	}
	if s.Command != "" {
		fmt.Fprintf(&b, "%s    %s", indent, s.Command)
	}
	return b.String()
}

// widest returns the number of characters of the longest text.
func widest(texts map[string]string) int {
	most := 0
	for _, text := range texts {
		most = max(most, utf8.RuneCountInString(text))
	}
	return most
}
