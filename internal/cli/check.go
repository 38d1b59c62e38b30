package cli

import (
	"context"
	"fmt"
	"strings"

	"colabtray/internal/colab"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

func runCheck(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		tell := in.printStep
		if in.json {
			tell = nil
		}
		report, err := s.Check(ctx, tell)
		if err != nil {
			return err
		}
		if in.json {
			err = in.printJSON(report)
		} else {
			_, err = fmt.Fprintf(in.sentences(), "\n%s\n", report.Verdict)
		}
		if missing := holderMissing(s.Profile, s.Runtime.Snapshot()); missing != nil {
			in.printProblemAs(yellow, missing)
		}
		if err == nil && !report.OK {
			err = errReported
		}
		return err
	})
}

// printStep prints a step of the check, with how it went in a colour. The command to
// copy stays on its line.
func (in *invocation) printStep(step colab.Step) {
	text := step.Text()
	end := len(text)
	if step.Command != "" {
		end = strings.LastIndexByte(text, '\n')
	}
	status := i18n.T("check.status." + string(step.Status))
	as := map[colab.Status]style{colab.OK: green, colab.Warn: yellow, colab.Fail: red}[step.Status]
	_ = printStyled(in.sentences(), as, status, strings.TrimPrefix(text[:end], status))
	if end < len(text) {
		fmt.Fprintln(in.Stdout, text[end+1:])
	}
}

// Check checks the runtime as it is now, and tells each step as it is done.
func (s *Session) Check(ctx context.Context, tell func(colab.Step)) (colab.Report, error) {
	snapshot, err := s.settled(ctx)
	if err == nil {
		snapshot, err = s.Runtime.WithUnsaved(ctx, snapshot)
	}
	if err != nil {
		return colab.Report{}, err
	}
	return colab.Check(ctx, s.target(ctx, snapshot), tell), nil
}

// target hands to the check what is known of engine and container.
func (s *Session) target(ctx context.Context, now runtime.Snapshot) colab.Target {
	t := colab.Target{
		Profile: s.Profile,
		Engine:  i18n.T("cli.engine", "name", now.Engine.Name, "version", now.Engine.Version, "host", now.Engine.Host),
		Port:    now.Port,
		Host:    now.URL.Host(),
		IPv6:    now.IPv6,
		Token:   now.URL.Token(),
		Ours:    now.Ours,
		Browser: desktop.DefaultBrowser(ctx),
	}
	for _, w := range now.Warnings {
		if w.Code != problem.LocalhostTaken { // the check looks for itself
			t.Warnings = append(t.Warnings, checkProblem(w))
		}
	}
	switch {
	case now.State == runtime.NoEngine:
		t.EngineProblem = checkProblem(now.Problem)
	case now.State != runtime.Ready:
		t.ContainerProblem = checkProblem(notReady(now, s.Profile))
	}
	return t
}

func checkProblem(p *problem.Problem) *colab.Problem {
	return &colab.Problem{Short: p.Short, Hint: p.Hint, Command: p.Command}
}
