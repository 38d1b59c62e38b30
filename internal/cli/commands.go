package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	goruntime "runtime"
	"strings"

	"github.com/spf13/pflag"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// withSession runs a function with a session.
func (in *invocation) withSession(ctx context.Context, f func(context.Context, *Session) error) error {
	s, err := in.open()
	if err != nil {
		return err
	}
	defer s.Close()
	return f(ctx, s)
}

func startFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.noGPU, "no-gpu", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

func runStart(ctx context.Context, in *invocation) error {
	in.stays = true
	if err := in.handOver(ctx); err != nil {
		return err
	}
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if err := in.keepFoldersOf(ctx, s); err != nil {
			return err
		}
		start := s.Runtime.Start
		if in.noGPU {
			start = s.Runtime.StartWithoutGPU
		}
		if err := in.startAndReport(ctx, s, start); err != nil {
			return err
		}
		if !in.noGPU {
			in.tellFoldersWait(s)
		}
		return in.hold(ctx, s)
	})
}

func restartFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.settings, "settings", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

func runRestart(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if err := in.keepFoldersOf(ctx, s); err != nil {
			return err
		}
		if in.settings {
			return in.startAndReport(ctx, s, s.Runtime.Repair)
		}
		return in.startAndReport(ctx, s, s.Runtime.Restart)
	})
}

// startAndReport does what ends in a ready runtime, tells on standard error how far it
// is, and prints the Backend URL.
func (in *invocation) startAndReport(ctx context.Context, s *Session, action func(context.Context) error) error {
	told := in.tellProgress(ctx, s)
	err := action(ctx)
	told()
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(in.Stderr, i18n.T("cli.interruptedStart"))
		return errReported
	}
	if err != nil {
		return err
	}
	err = in.printNewURL(ctx, s)
	in.tellNextStep(s)
	return err
}

// tellNextStep tells a person who sees the Backend URL what to do with it.
func (in *invocation) tellNextStep(s *Session) {
	if in.json || !isTerminal(in.Stdout) || !isTerminal(in.Stderr) {
		return
	}
	_ = printStyled(in.Stderr, plain, "\n"+i18n.T("cli.next"), "")
	in.printCommand("colab-tray open")
	in.printCommand(s.Profile.CommandLine("guide"))
}

// printNewURL prints the Backend URL of a server that has only just begun to
// answer, so that it is asked whose files it shows; the URL does not wait for that.
func (in *invocation) printNewURL(ctx context.Context, s *Session) error {
	now := s.Runtime.Snapshot()
	if !in.json {
		if err := in.printURL(s.Profile, now); err != nil {
			return err
		}
	}
	now, err := s.Runtime.WithUnsaved(ctx, now)
	if now.Listens && !in.stays { // who stays could not while it was stopped
		now.Listens = !s.Runtime.HandOver(ctx)
	}
	now = in.withHolder(s.Profile, now)
	if in.json {
		return errors.Join(in.printURL(s.Profile, now), err)
	}
	in.warn(now)
	return err
}

// warn tells on standard error what a person should know of beside the state.
func (in *invocation) warn(s runtime.Snapshot) {
	for _, w := range s.Warnings {
		in.printProblemAs(yellow, w)
	}
}

func updateFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.undo, "undo", false, "")
	set.BoolVar(&in.removeOld, "remove-old", false, "")
	set.BoolVar(&in.yes, "yes", false, "")
}

// runUpdate prints the Backend URL only where the runtime runs afterwards.
func runUpdate(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if in.removeOld {
			err := s.Runtime.RemovePrevious(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintln(in.Stderr, i18n.T("cli.removedOld", "runtime", s.Profile.Runtime))
			return in.printUpdate(ctx, s, "removed")
		}
		if err := in.keepFoldersOf(ctx, s); err != nil {
			return err
		}
		before, err := s.settled(ctx)
		if err != nil {
			return err
		}
		told := in.tellProgress(ctx, s)
		action := s.Runtime.Update
		if in.undo {
			action = s.Runtime.UndoUpdate
		}
		err = action(ctx)
		told()
		if errors.Is(err, context.Canceled) {
			fmt.Fprintln(in.Stderr, i18n.T("cli.interruptedUpdate"))
			return errReported
		}
		if err != nil {
			return err
		}
		after, result := s.Runtime.Snapshot(), "newer"
		switch {
		case in.undo:
			result = "earlier"
			fmt.Fprintln(in.Stderr, i18n.T("cli.earlierImage", "runtime", s.Profile.Runtime))
		case after.Container == before.Container:
			result = "newest"
			fmt.Fprintln(in.Stderr, i18n.T("cli.newestImage", "runtime", s.Profile.Runtime))
		default:
			fmt.Fprintln(in.Stderr, i18n.T("cli.newerImage", "runtime", s.Profile.Runtime, "command", s.Profile.CommandLine("update", "--undo")))
		}
		if in.json || after.State != runtime.Ready {
			return in.printUpdate(ctx, s, result)
		}
		return in.printNewURL(ctx, s)
	})
}

// printUpdate tells programs what came of an update.
func (in *invocation) printUpdate(ctx context.Context, s *Session, result string) error {
	if !in.json {
		return nil
	}
	now, err := s.settled(ctx)
	if err != nil {
		return err
	}
	now, err = s.Runtime.WithUnsaved(ctx, now)
	u := urlAsJSON(now)
	return errors.Join(in.printJSON(updateJSON{Profile: u.Profile, Runtime: u.Runtime, Image: now.Image, Result: result, URL: u.URL, Warnings: u.Warnings}), err)
}

func runStop(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		told := in.tellProgress(ctx, s)
		err := s.Runtime.Stop(ctx)
		told()
		switch {
		case err != nil:
			return err
		case in.json:
			return in.printJSON(stopJSON{Profile: s.Profile.Name, Runtime: s.Profile.Runtime, Exists: s.Runtime.Snapshot().State != runtime.Absent})
		case s.Runtime.Snapshot().State == runtime.Absent:
			fmt.Fprintln(in.Stderr, i18n.T("cli.nothingToStop", "runtime", s.Profile.Runtime))
		default:
			fmt.Fprintln(in.Stderr, i18n.T("cli.stopped", "runtime", s.Profile.Runtime))
		}
		return nil
	})
}

func runURL(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		snapshot, err := s.settled(ctx)
		if err != nil {
			return err
		}
		if missing := holderMissing(s.Profile, snapshot); missing != nil {
			return missing
		}
		if in.copy {
			return in.copyURL(ctx, s, snapshot)
		}
		if err := in.printURL(s.Profile, snapshot); err != nil {
			return err
		}
		if !in.json {
			in.warn(snapshot)
		}
		return nil
	})
}

// printURL prints the Backend URL, which this command alone reveals.
func (in *invocation) printURL(p config.Profile, s runtime.Snapshot) error {
	if !s.State.CanConnect() {
		return notReady(s, p)
	}
	if in.json {
		return in.printJSON(urlAsJSON(s))
	}
	_, err := fmt.Fprintln(in.Stdout, s.URL.Reveal())
	return err
}

// notReady tells why there is no Backend URL.
func notReady(s runtime.Snapshot, profile config.Profile) *problem.Problem {
	if s.Problem != nil {
		return s.Problem
	}
	p := &problem.Problem{
		Code:    problem.NotReady,
		Short:   i18n.T("cli.notRunning"),
		Hint:    i18n.T("cli.notRunningHint"),
		Command: profile.CommandLine("start"),
	}
	switch s.State {
	case runtime.Waiting:
		p.Short = strings.TrimSuffix(s.Say(runtime.WordSentence), ".")
		p.Hint = i18n.T("cli.stillStartingHint")
	case runtime.Pulling, runtime.Starting:
		p.Short = i18n.T("cli.stillStarting")
		p.Hint = i18n.T("cli.stillStartingHint")
	case runtime.Stopping:
		p.Short = i18n.T("cli.stopping")
	}
	return p
}

func logsFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVarP(&in.follow, "follow", "f", false, "")
	set.IntVar(&in.tail, "tail", 0, "")
}

func runLogs(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if _, err := s.settled(ctx); err != nil { // so that the token is known and masked
			return err
		}
		var out io.Writer = in.Stdout
		if in.json {
			out = jsonLines{in}
		}
		return s.Runtime.Logs(ctx, out, runtime.LogOptions{Follow: in.follow, Tail: in.tail})
	})
}

func runVersion(_ context.Context, in *invocation) error {
	if in.json {
		return in.printJSON(versionJSON{Version: in.Version, Go: goruntime.Version(), OS: goruntime.GOOS, Arch: goruntime.GOARCH})
	}
	_, err := fmt.Fprintf(in.Stdout, "colab-tray %s (%s, %s/%s)\n", in.Version, goruntime.Version(), goruntime.GOOS, goruntime.GOARCH)
	return err
}
