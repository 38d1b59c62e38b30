package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Some runtimes are reached only while a program of the person's listens at the port of
// the Backend URL and passes on what comes: those on another machine, and those that
// Colab wakes. The tray does that; without it the command start stays for it.

// isHeld reports whether the profile says that its runtime is such a one. What the docker
// command uses can be on another machine as well.
func isHeld(p config.Profile) bool { return p.OnOtherMachine() || p.Wake }

// startAnswer is what the tray says to [desktop.Start], as JSON.
type startAnswer struct {
	Started bool         `json:"started"`
	Problem *problemJSON `json:"problem"`
}

// StartAnswer returns what a tray says to a process that has asked for a start; err is
// what the start returned.
func StartAnswer(err error) string {
	a := startAnswer{Started: err == nil}
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		a.Problem = problemAsJSON(p)
	case err != nil:
		a.Problem = &problemJSON{Code: "error", Short: i18n.Error(err)}
	}
	text, err := i18n.JSON(a)
	if err != nil {
		return ""
	}
	return string(text)
}

// handOver has the tray start the runtime and listen for it, if one runs that has the
// same settings for it. Else it does nothing: then this process starts it.
func (in *invocation) handOver(ctx context.Context) error {
	settings, err := config.Load(in.sources())
	if err != nil {
		return err
	}
	p := settings.Profile
	if in.noGPU || !isHeld(p) || in.overridesProfile() || !trayRuns() {
		return nil
	}
	fmt.Fprintln(in.Stderr, i18n.T("hold.trayStarts", "runtime", p.Runtime))
	said, err := desktop.QueryInstance(ctx, config.RuntimeDir(), desktop.Start(p.Name))
	if ctx.Err() != nil {
		fmt.Fprintln(in.Stderr, i18n.T("cli.interruptedStart"))
		return errReported
	}
	var answer startAnswer
	if err == nil {
		err = json.Unmarshal([]byte(said), &answer)
	}
	switch {
	case err != nil: // a tray of another version
		in.log().Warn("the tray does not start the runtime", "error", err)
	case answer.Problem != nil:
		return &problem.Problem{
			Code: problem.Code(answer.Problem.Code), Short: answer.Problem.Short, Hint: answer.Problem.Hint, Command: answer.Problem.Command,
		}
	}
	return nil
}

// overridesProfile reports whether flags or the environment give settings that the tray
// may not have.
func (in *invocation) overridesProfile() bool {
	for place := range in.sources().Overrides() {
		if strings.HasPrefix(string(place), "profile.") {
			return true
		}
	}
	engine := []string{"DOCKER_HOST", "DOCKER_CONTEXT"}
	settings, err := config.Load(in.sources())
	return err != nil || settings.Profile.Engine == "" && slices.ContainsFunc(engine, func(name string) bool {
		value, _ := in.LookupEnv(name)
		return value != ""
	})
}

// trayRuns reports whether a tray of this person runs.
func trayRuns() bool {
	dir := config.RuntimeDir()
	if config.EnsurePrivateDir(dir) != nil {
		return false
	}
	release, free, err := desktop.Acquire(dir)
	release()
	return err == nil && !free
}

// holdOn is how long a start stays for a runtime that has stopped: one that is restarted or
// restored by another command runs again.
const holdOn = 15 * time.Second

// hold stays for a runtime that somebody has to listen for, unless the tray does, and
// tells on standard error what happens to it. Another command that listens meanwhile may
// end soon. It ends when the person ends it, and with a runtime that nothing here wakes.
func (in *invocation) hold(ctx context.Context, s *Session) error {
	now := s.Runtime.Snapshot()
	if !now.Listens && (!now.Engine.Forwarded && !s.Runtime.Profile().Wake || trayRuns()) {
		return nil
	}
	fmt.Fprintln(in.Stderr)
	fmt.Fprintln(in.Stderr, holdText("stays", now))
	last := now.Say(runtime.WordSince)
	snapshots := s.Runtime.Watch(ctx)
	over := time.NewTimer(holdOn)
	over.Stop()
	for {
		select {
		case next, goesOn := <-snapshots:
			if !goesOn {
				fmt.Fprintln(in.Stderr, holdText("ends", now))
				return nil
			}
			now = next
		case <-over.C:
			if !s.Runtime.DataBusy() {
				return nil
			}
		}
		if text := now.Say(runtime.WordSince); text != last && now.State != runtime.Unknown {
			last = text
			fmt.Fprintln(in.Stderr, i18n.FullStop(i18n.Named(now.Runtime, text)))
		}
		over.Stop()
		switch {
		case now.State == runtime.Failed && now.Problem != nil:
			return now.Problem
		case now.State == runtime.Absent, now.State == runtime.Stopped && !s.Runtime.Profile().Wake:
			over.Reset(holdOn)
		}
	}
}

// holdText returns a text about a runtime that is held.
func holdText(key string, s runtime.Snapshot) string {
	if machine := s.Engine.Elsewhere(); machine != "" {
		return i18n.T("hold."+key+"There", "machine", i18n.Line(machine))
	}
	return i18n.T("hold."+key, "port", s.Port)
}

// holderMissing returns the problem that nobody but this command, which ends, listens for
// a runtime; nil if that is not so.
func holderMissing(p config.Profile, s runtime.Snapshot) *problem.Problem {
	if !s.Listens || !s.State.CanConnect() {
		return nil
	}
	return &problem.Problem{
		Code:    problem.NotHeld,
		Short:   i18n.T("hold.missing", "port", s.Port),
		Hint:    holdText("missingHint", s),
		Command: p.CommandLine("start"),
	}
}

// withHolder returns a snapshot with a warning where nobody will listen for the runtime
// once this command has ended.
func (in *invocation) withHolder(p config.Profile, s runtime.Snapshot) runtime.Snapshot {
	if missing := holderMissing(p, s); missing != nil && !in.stays {
		s.Warnings = append(slices.Clip(s.Warnings), missing)
	}
	return s
}
