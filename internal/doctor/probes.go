package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	goruntime "runtime"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/desktop"
	"colabtray/internal/engine"
	"colabtray/internal/gpu"
	"colabtray/internal/install"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
)

// Runtime is what the report needs of a runtime. *[runtime.Manager] implements it.
type Runtime interface {
	Snapshot() runtime.Snapshot
	Container(ctx context.Context) (engine.Container, error)
	HasImage(ctx context.Context) (bool, error)
	PortHolder(ctx context.Context) string
	Secrets(ctx context.Context) ([]secret.Secret, error)
	CardsThere(ctx context.Context) ([]string, error)
	Logs(ctx context.Context, w io.Writer, options runtime.LogOptions) error
}

var _ Runtime = (*runtime.Manager)(nil)

// Options is the subject of a report.
type Options struct {
	// Version is the version of the program.
	Version string
	// Runtime is nil if the settings define no usable runtime; Unusable is then
	// the reason.
	Runtime  Runtime
	Unusable error
	Profile  config.Profile
	// Settings is the path of the settings file, which need not exist.
	Settings string
	// Environ is the environment of the program, as [os.Environ] has it.
	Environ []string
}

// Examine makes the report about this computer. It takes about 10 seconds at most.
func Examine(ctx context.Context, o Options) Report {
	secrets := new(Secrets)
	secrets.AddEnvironment(o.Environ)
	if o.Runtime == nil {
		return Make(ctx, append(o.local(), Probe{"Runtime", "Problem", func(context.Context) (string, error) { return "", o.Unusable }}), secrets)
	}
	for _, v := range o.Profile.Env {
		secrets.Add(v.Value.Reveal())
	}
	known := Probe{Run: func(ctx context.Context) (string, error) {
		tokens, err := o.Runtime.Secrets(ctx)
		for _, t := range tokens {
			secrets.Add(t.Reveal())
		}
		return "", err
	}}
	problem := known.run(ctx).Error
	return Make(ctx, append(o.local(), o.remote(problem == "")...), secrets)
}

// constant returns the Run function of a probe with a known result.
func constant(text string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return text, nil }
}

// local returns the probes of this computer.
func (o Options) local() []Probe {
	return []Probe{
		{"Program", "Colab Tray", constant(fmt.Sprintf("%s, %s", o.Version, goruntime.Version()))},
		{"Program", "System", constant(system())},
		{"Program", "Settings", o.settings},
		{"Desktop", "Session", constant(o.environment("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE", "DISPLAY", "WAYLAND_DISPLAY"))},
		{"Desktop", "Tray", desktop.TrayHost},
		{"Desktop", "Notifications", desktop.NotificationServer},
		{"Desktop", "Clipboard", desktop.ClipboardMethod},
		{"Desktop", "Browser", browser},
		{"Engine", "Environment", constant(o.environment("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "CONTAINER_HOST"))},
		{"Engine", "GPU", o.cards},
		{"Engine", "WSL", wsl},
	}
}

// remote returns the probes of the engine and the runtime. The container's output is
// left out unless its secrets are known.
func (o Options) remote(secretsKnown bool) []Probe {
	snapshot := o.Runtime.Snapshot()
	return []Probe{
		{"Engine", "Engine", func(context.Context) (string, error) { return engineItem(snapshot) }},
		{"Engine", "Image", o.image},
		{"Runtime", "Profile", constant(profile(o.Profile))},
		{"Runtime", "State", constant(state(snapshot))},
		{"Runtime", "Container", o.container},
		{"Runtime", "Port", o.port},
		{"Runtime", "Last output", func(ctx context.Context) (string, error) {
			if !secretsKnown {
				return "", errors.New("left out: which secrets are in it could not be found out")
			}
			return o.output(ctx)
		}},
	}
}

func system() string {
	s := install.Detect()
	text := fmt.Sprintf("%s/%s", goruntime.GOOS, goruntime.GOARCH)
	if s.Name != "" {
		text = s.Name + ", " + text
	}
	if s.WSL {
		text += ", in WSL"
	}
	return text
}

func (o Options) settings(context.Context) (string, error) {
	if _, err := os.Stat(o.Settings); err != nil {
		return "none at " + o.Settings, nil
	}
	return o.Settings, nil
}

// profile describes a profile; of its environment variables it gives only the names.
func profile(p config.Profile) string {
	text := fmt.Sprintf("%s: %s from %s, kind %s, port %d", p.Name, p.Runtime, p.Image, p.Kind, p.Port)
	if len(p.Env) > 0 {
		text += ", environment"
		for _, v := range p.Env {
			text += " " + v.Name
		}
	}
	if n := len(p.Folders); n > 0 {
		text += fmt.Sprintf(", %d folders", n)
		for _, f := range p.Folders {
			if opens := f.Exposes(); opens != "" {
				text += fmt.Sprintf(", one opens the whole %s", opens)
			}
		}
	}
	return text
}

// environment returns those of the named environment variables that are set.
func (o Options) environment(names ...string) string {
	var set []string
	for _, name := range names {
		for _, pair := range o.Environ {
			if strings.HasPrefix(pair, name+"=") {
				set = append(set, pair)
			}
		}
	}
	if len(set) == 0 {
		return "nothing set"
	}
	return strings.Join(set, " ")
}

func browser(ctx context.Context) (string, error) {
	if name := desktop.DefaultBrowser(ctx); name != "" {
		return name, nil
	}
	return "", errors.New("which one is the default is not known")
}

func engineItem(s runtime.Snapshot) (string, error) {
	e := s.Engine
	if e.Version == "" {
		return e.Host, errors.New("no answer")
	}
	text := fmt.Sprintf("%s %s, API %s, %s, at %s (found by: %s)", e.Name, e.Version, e.API, e.Arch, e.Host, e.Found)
	if e.Barred != "" {
		text += ", as " + e.Barred + " may not be used"
	}
	return text, nil
}

func (o Options) image(ctx context.Context) (string, error) {
	there, err := o.Runtime.HasImage(ctx)
	switch {
	case err != nil:
		return "", err
	case there:
		return o.Profile.Image + " is there", nil
	default:
		return o.Profile.Image + " is not there yet", nil
	}
}

// cards returns the graphics cards of the computer that the engine is on.
func (o Options) cards(ctx context.Context) (string, error) {
	var text, on string
	var err error
	if machine := o.machine(); machine != "" {
		var all []string
		all, err = o.Runtime.CardsThere(ctx)
		text, on = strings.Join(all, "\n"), "on "+machine+": "
	} else {
		text, err = gpu.List(ctx)
	}
	switch {
	case errors.Is(err, engine.ErrLacks):
		return on + "not known, as only its engine can be asked", nil
	case text == "" && err == nil:
		return on + "none found (there is no nvidia-smi)", nil
	case text != "":
		text = on + text
	}
	return text, err
}

// machine returns the name of another machine that the engine is on; empty for this one.
func (o Options) machine() string {
	if o.Runtime == nil {
		return ""
	}
	return o.Runtime.Snapshot().Engine.Elsewhere()
}

// wsl returns what the Windows Subsystem for Linux has to do with this computer.
func wsl(ctx context.Context) (string, error) {
	if install.Detect().WSL {
		n := install.InsideWSL(ctx)
		return fmt.Sprintf("this is in it, networking mode %q. %s", n.Mode, n.Notice()), nil
	}
	if found := install.FindWSL(ctx); found.Distribution != "" {
		return fmt.Sprintf("an engine answers in %s, networking mode %q", found.Distribution, found.Networking.Mode), nil
	}
	return "no engine found in it", nil
}

func state(s runtime.Snapshot) string {
	text := fmt.Sprintf("%s since %s", s.State, s.Since.UTC().Format(time.RFC3339))
	for _, p := range append([]*problem.Problem{s.Problem}, s.Warnings...) {
		if p == nil {
			continue
		}
		text += strings.TrimRight(fmt.Sprintf("\n%s: %s\n%s\n%s", p.Code, p.Short, p.Hint, p.Command), "\n")
		if p.Err != nil {
			text += "\n" + p.Err.Error()
		}
	}
	return text
}

func (o Options) container(ctx context.Context) (string, error) {
	c, err := o.Runtime.Container(ctx)
	switch {
	case err != nil:
		return "", err
	case !c.Exists:
		return o.Profile.Runtime + " is not there", nil
	}
	id := c.ID
	if len(id) > 12 {
		id = id[:12]
	}
	ports := fmt.Sprint("ports ", c.Addresses)
	if c.HostNetwork {
		ports = "network of the host"
	}
	text := fmt.Sprintf("%s (%s) from %s, user %q, %s, running %t, paused %t, started %s", c.Name, id, c.Image, c.User, ports,
		c.Running, c.Paused, c.StartedAt.Format(time.RFC3339))
	if !c.Running {
		text += fmt.Sprintf(", exit code %d, out of memory %t", c.ExitCode, c.OOMKilled)
	}
	return text, nil
}

func (o Options) port(ctx context.Context) (string, error) {
	port := o.Runtime.Snapshot().Port
	if holder := o.Runtime.PortHolder(ctx); holder != "" {
		return fmt.Sprintf("%d is held by %s", port, holder), nil
	}
	return fmt.Sprintf("%d is held by nobody else, as far as can be seen", port), nil
}

// output returns the last lines that the runtime wrote.
func (o Options) output(ctx context.Context) (string, error) {
	const lastLines = 40
	out := &engine.Beginning{Most: 16 << 10}
	err := o.Runtime.Logs(ctx, out, runtime.LogOptions{Tail: lastLines})
	var p *problem.Problem
	if errors.As(err, &p) && p.Code == problem.NoLog {
		return "there is no log, because of the logging driver that the container was made with", nil
	}
	return out.String(), err
}
