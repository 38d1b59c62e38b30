package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"time"

	"colabtray/internal/runtime"
)

func statusFlags(set *flag.FlagSet, in *invocation) {
	set.BoolVar(&in.json, "json", false, "")
	set.BoolVar(&in.watch, "watch", false, "")
}

func runStatus(ctx context.Context, in *invocation) error {
	return in.with(ctx, func(ctx context.Context, s *Session) error {
		if in.watch {
			return in.watchStatus(ctx, s)
		}
		snapshot, err := s.settled(ctx)
		if err != nil {
			return err
		}
		if err := in.printStatus(snapshot); err != nil {
			return err
		}
		if snapshot.Problem != nil {
			in.tell(snapshot.Problem)
			return errReported
		}
		return nil
	})
}

// watchStatus prints the state at each change, until the person ends it.
func (in *invocation) watchStatus(ctx context.Context, s *Session) error {
	for snapshot := range s.Runtime.Watch(ctx) {
		if snapshot.State == runtime.Unknown {
			continue
		}
		if err := in.printStatus(snapshot); err != nil {
			return err
		}
		if snapshot.Problem != nil && !in.json {
			in.tell(snapshot.Problem)
		}
	}
	return nil
}

// statusJSON is what `status --json` prints. Its names do not change between
// releases; it never holds the token.
type statusJSON struct {
	Profile string       `json:"profile"`
	Runtime string       `json:"runtime"`
	State   string       `json:"state"`
	Since   string       `json:"since"` // RFC 3339, UTC
	Ready   bool         `json:"ready"`
	Port    int          `json:"port"`
	Image   string       `json:"image"`
	Engine  engineJSON   `json:"engine"`
	Problem *problemJSON `json:"problem"`
}

type engineJSON struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	API     string `json:"api"`
	Host    string `json:"host"`
}

type problemJSON struct {
	Code    string `json:"code"`
	Short   string `json:"short"`
	Hint    string `json:"hint"`
	Command string `json:"command"`
}

func (in *invocation) printStatus(s runtime.Snapshot) error {
	if in.json {
		return json.NewEncoder(in.Stdout).Encode(asJSON(s))
	}
	text := fmt.Sprintf("%s: %s", s.Runtime, stateWords(s))
	if s.Engine.Version != "" {
		text += fmt.Sprintf("\n%s %s at %s", s.Engine.Name, s.Engine.Version, s.Engine.Host)
	}
	if s.RestartToApply {
		text += "\nIts settings have changed: 'colab-tray restart' applies them."
	}
	_, err := fmt.Fprintln(in.Stdout, text)
	return err
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
		Engine:  engineJSON{Name: s.Engine.Name, Version: s.Engine.Version, API: s.Engine.API, Host: s.Engine.Host},
	}
	if p := s.Problem; p != nil {
		j.Problem = &problemJSON{Code: string(p.Code), Short: p.Short, Hint: p.Hint, Command: p.Command}
	}
	return j
}

// stateWords tells a state to a person.
func stateWords(s runtime.Snapshot) string {
	since := s.Since.Local().Format(time.DateTime)
	switch s.State {
	case runtime.NoEngine:
		return "Docker does not answer"
	case runtime.Absent:
		return "not made yet"
	case runtime.Pulling:
		return "pulling the image" + pullWords(s.Progress)
	case runtime.Stopped:
		return "stopped"
	case runtime.Starting:
		return "starting since " + since
	case runtime.Ready:
		return fmt.Sprintf("ready at port %d, up since %s", s.Port, since)
	case runtime.Unhealthy:
		return "running, but not usable"
	case runtime.Stopping:
		return "stopping"
	case runtime.Failed:
		return "failed"
	default:
		return "looking"
	}
}
