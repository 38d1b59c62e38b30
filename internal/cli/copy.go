package cli

import (
	"context"
	"fmt"
	"strings"

	"colabtray/internal/data"
	"colabtray/internal/i18n"
)

// isInRuntime reports whether a path is one of the runtime.
func isInRuntime(name string) bool { return strings.HasPrefix(name, ":") }

func runCopy(ctx context.Context, in *invocation) error {
	if len(in.args) != 2 || in.args[0] == "" || in.args[1] == "" {
		return &usageError{wrong: i18n.T("cli.cp.twoPaths")}
	}
	from, to := in.args[0], in.args[1]
	if isInRuntime(from) == isInRuntime(to) {
		return &usageError{wrong: i18n.T("cli.cp.oneRuntime")}
	}
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		line := in.workLine(s.Profile.Runtime)
		o := data.CopyOptions{In: in.Stdin, Out: unfiltered(in.Stdout), Progress: line.tell}
		copyFiles := s.Runtime.CopyIn
		if isInRuntime(from) {
			copyFiles = s.Runtime.CopyOut
			o.Runtime, o.Host = from[1:], to
		} else {
			o.Runtime, o.Host = to[1:], from
		}
		copied, err := copyFiles(ctx, o)
		line.clear()
		if err != nil {
			return in.unchangedAfter(err, i18n.T("cli.cp.interrupted"))
		}
		in.tellCopied(from, copied)
		return nil
	})
}

func (in *invocation) tellCopied(from string, c data.Copied) {
	if c.To != "" {
		fmt.Fprintln(in.Stderr, i18n.Line(i18n.T("cli.cp.done",
			"from", from, "to", c.To, "files", i18n.T("cli.cp.files", "count", c.Files), "size", i18n.Bytes(c.Bytes))))
	}
	if c.Special > 0 {
		fmt.Fprintln(in.Stderr, i18n.T("cli.cp.special", "count", c.Special))
	}
}
