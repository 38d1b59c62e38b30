package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

func statusFlags(set *pflag.FlagSet, in *invocation) {
	set.BoolVar(&in.all, "all", false, "")
	set.BoolVar(&in.watch, "watch", false, "")
}

func runStatus(ctx context.Context, in *invocation) error {
	if in.all {
		return in.statusOfAll(ctx)
	}
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if in.watch {
			return in.watchStatus(ctx, s)
		}
		snapshot, err := s.settled(ctx)
		if err == nil {
			snapshot, err = s.Runtime.WithUnsaved(ctx, snapshot)
		}
		if err != nil {
			return err
		}
		snapshot = in.withHolder(s.Profile, snapshot)
		there := cardsThere(ctx, s.Runtime, snapshot)
		if in.json {
			told := asJSON(snapshot)
			told.Engine.Cards = there.cards
			err = in.printJSON(told)
		} else if err = in.printStatus(s.Profile, snapshot); err == nil {
			err = in.printCards(there)
		}
		if err != nil {
			return err
		}
		if !in.json {
			in.warn(snapshot)
		}
		if snapshot.Problem != nil {
			in.printProblem(snapshot.Problem)
			return errReported
		}
		return nil
	})
}

// statusOfAll prints the state of every profile whose runtime exists.
func (in *invocation) statusOfAll(ctx context.Context) error {
	settings, err := in.readSettings()
	if err == nil && settings.broken != nil {
		err = settings.broken
	}
	if err != nil {
		return err
	}
	c := in.connect(runtime.Options{}, settings.preferences)
	fleet := c.Fleet(settings.profiles, settings.chosen)
	c.Run(fleet.Run)
	defer c.Close()
	snapshots, err := settled(ctx, fleet)
	if err != nil {
		return err
	}
	unreachable := func(s runtime.Snapshot) bool { return s.State == runtime.NoEngine }
	if i := slices.IndexFunc(snapshots, unreachable); i >= 0 && !slices.ContainsFunc(snapshots, func(s runtime.Snapshot) bool { return !unreachable(s) }) {
		return snapshots[i].Problem
	}
	all := []statusJSON{}
	for _, snapshot := range snapshots {
		if snapshot.State == runtime.Absent {
			continue
		}
		snapshot = in.withHolder(settings.profiles[snapshot.Profile], snapshot)
		all = append(all, asJSON(snapshot))
		if !in.json {
			_ = printStyled(in.sentences(), styleOf(snapshot.State), i18n.Named(snapshot.Profile, i18n.Named(snapshot.Runtime, snapshot.Say(runtime.WordSince))), "")
		}
		if !in.json {
			in.warn(snapshot)
		}
		if p := snapshot.Problem; p != nil {
			in.printProblem(p)
			err = errReported
		}
	}
	switch {
	case in.json:
		err = errors.Join(in.printJSON(all), err)
	case len(all) == 0:
		fmt.Fprintln(in.Stderr, i18n.T("cli.noRuntime"))
	}
	return err
}

// watchStatus prints the state at each change, until the person ends it.
func (in *invocation) watchStatus(ctx context.Context, s *Session) error {
	for snapshot := range s.Runtime.Watch(ctx) {
		if snapshot.State == runtime.Unknown {
			continue
		}
		if between, err := s.Runtime.WithReplacement(ctx, snapshot); err == nil {
			snapshot = between
		}
		snapshot = in.withHolder(s.Profile, snapshot)
		if err := in.printStatus(s.Profile, snapshot); err != nil {
			return err
		}
		if in.json {
			continue
		}
		in.warn(snapshot)
		if snapshot.Problem != nil {
			in.printProblem(snapshot.Problem)
		}
	}
	return nil
}

// statusJSON is what `status --json` prints. Its names do not change between
// releases; it never holds the token.
type statusJSON struct {
	Profile string     `json:"profile"`
	Runtime string     `json:"runtime"`
	State   string     `json:"state"`
	Since   string     `json:"since"` // RFC 3339, UTC
	Ready   bool       `json:"ready"`
	Port    int        `json:"port"`
	Image   string     `json:"image"`
	Unsaved string     `json:"unsaved"`    // the directory of the container where notebooks are in it alone
	Newer   string     `json:"newerImage"` // the digest of the image that an update would bring, if any
	Engine  engineJSON `json:"engine"`
	// Reconnecting is since when the connection to the engine's machine is lost: RFC 3339,
	// UTC; empty while it stands or the loss is short.
	Reconnecting string `json:"reconnectingSince"`
	// Waiting is what the runtime waits for before it runs; null if for nothing.
	Waiting *waitingJSON `json:"waiting"`
	Problem *problemJSON `json:"problem"`
	// Warnings are what to know of beside the state, the gravest first.
	Warnings []*problemJSON `json:"warnings"`
}

type waitingJSON struct {
	For   string `json:"for"`   // "gpu", "room", "volume", "image", "data" or "start"
	Since string `json:"since"` // RFC 3339, UTC; empty when the engine does not say
	Said  string `json:"said"`  // the engine's own words, if any
}

type engineJSON struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	API     string `json:"api"`
	Host    string `json:"host"`
	Machine string `json:"machine"`          // the name of another machine on which it is; empty for this computer
	Found   string `json:"found"`            // how: "DOCKER_HOST", "context NAME", "default", "socket of PRODUCT"
	Barred  string `json:"barred,omitempty"` // the address of one that may not be used, so that this one is
	// Cards are the graphics cards of Machine; null where they are not known or were not
	// asked for.
	Cards []string `json:"cards"`
}

func (in *invocation) printStatus(p config.Profile, s runtime.Snapshot) error {
	if in.json {
		return in.printJSON(asJSON(s))
	}
	if err := printStyled(in.sentences(), styleOf(s.State), i18n.Named(s.Runtime, s.Say(runtime.WordSince)), ""); err != nil {
		return err
	}
	var more []string
	if s.Engine.Version != "" {
		more = append(more, i18n.T("cli.engineFound", "name", s.Engine.Name, "version", s.Engine.Version, "host", s.Engine.Host, "found", s.Engine.FoundText()))
	}
	if s.Engine.Barred != "" {
		more = append(more, i18n.T("cli.engineBarred", "host", s.Engine.Barred))
	}
	if s.Waiting.Said != "" {
		more = append(more, s.StartProgress())
	}
	if s.RestartToApply {
		more = append(more, i18n.T("cli.restartToApply", "command", p.CommandLine("restart")))
	}
	if s.NewerImage != "" {
		more = append(more, i18n.T("cli.newerImageThere", "command", p.CommandLine("update")))
	}
	for _, line := range more {
		if _, err := fmt.Fprintln(in.sentences(), line); err != nil {
			return err
		}
	}
	return nil
}

// styleOf returns how a state stands out.
func styleOf(s runtime.State) style {
	switch s {
	case runtime.Ready:
		return green
	case runtime.Pulling, runtime.Waiting, runtime.Starting, runtime.Stopping, runtime.Paused:
		return yellow
	case runtime.NoEngine, runtime.Unhealthy, runtime.Failed:
		return red
	default:
		return plain
	}
}

func asJSON(s runtime.Snapshot) statusJSON {
	j := statusJSON{
		Profile: s.Profile,
		Runtime: s.Runtime,
		State:   s.State.String(),
		Since:   s.Since.UTC().Format(time.RFC3339),
		Ready:   s.State == runtime.Ready,
		Port:    s.Port,
		Image:   s.Image,
		Unsaved: s.Unsaved,
		Newer:   s.NewerImage,

		Warnings: problemsAsJSON(s.Warnings),
		Engine: engineJSON{
			Name: s.Engine.Name, Version: s.Engine.Version, API: s.Engine.API, Host: s.Engine.Host, Machine: s.Engine.Elsewhere(), Found: s.Engine.Found, Barred: s.Engine.Barred,
		},
	}
	if !s.Reconnecting.IsZero() {
		j.Reconnecting = s.Reconnecting.UTC().Format(time.RFC3339)
	}
	if s.Engine.Version == "" {
		j.Engine.Name, j.Engine.Found = "", "" // only what is certain is for programs
	}
	if w := s.Waiting; w.For != "" {
		j.Waiting = &waitingJSON{For: string(w.For), Said: w.Said}
		if !w.Since.IsZero() {
			j.Waiting.Since = w.Since.UTC().Format(time.RFC3339)
		}
	}
	if s.Problem != nil {
		j.Problem = problemAsJSON(s.Problem)
	}
	return j
}

// settled waits until every snapshot tells something, also of containers that other
// programs are replacing.
func settled(ctx context.Context, fleet *runtime.Fleet) ([]runtime.Snapshot, error) {
	for o := range fleet.Watch(ctx) {
		known := true
		for _, snapshot := range o.Runtimes {
			known = known && snapshot.State != runtime.Unknown
		}
		if known {
			return fleet.WithReplacements(ctx, o.Runtimes)
		}
	}
	return nil, context.Cause(ctx)
}
