package colab

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// Target is the runtime that a check is about, with what the caller knows of the
// engine and the container.
type Target struct {
	// Profile is the runtime's profile. Its Runtime is also the hostname of the
	// container.
	Profile config.Profile
	// Engine is the name and version of the engine, such as "Docker 28.5.2".
	Engine string
	// EngineProblem tells why the engine does not answer; nil if it answers.
	EngineProblem *Problem
	// ContainerProblem tells why the container cannot be used, such as that it
	// does not run; nil if it can.
	ContainerProblem *Problem
	// Warnings are the caller's warnings about a container that can be used.
	Warnings []*Problem
	// Port is the port on the loopback interface that leads to Jupyter.
	Port int
	// Host is the host in the Backend URL: "localhost", or "127.0.0.1" if localhost
	// leads to another program as well.
	Host string
	// IPv6 tells that the engine publishes Jupyter at [::1] as well. If it does not,
	// a server that answers at [::1] is another program, whatever it answers.
	IPv6 bool
	// Token is the token of the server. The check sends it only to Port of the
	// loopback interface.
	Token interface{ Reveal() string }
	// Ours tells that our settings are copied into the container before each start.
	Ours bool
	// Browser is the family of the default browser, as package desktop names it,
	// such as "chrome"; "" if it is not known.
	Browser string

	// network leads to the server; nil for that of this computer.
	network network
}

// Problem is a problem that the caller of a check knows of.
type Problem struct {
	Short   string // what has happened, in one line
	Hint    string // why, and what to do
	Command string // the command to run; can be empty
}

// Status is the result of a step.
type Status string

// The results of a step. A step is Skipped if it cannot be tried, mostly because an
// earlier step has failed.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Skipped Status = "skipped"
)

// Step is one step of a check. Its JSON names and its IDs stay the same between
// releases.
type Step struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   Status `json:"status"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	// Advice tells what to do, in a few sentences; empty if there is nothing to do.
	Advice string `json:"advice,omitempty"`
	// Command is the command to run; empty if no command helps.
	Command string `json:"command,omitempty"`
	// Act is what the program can do for the person instead of the command; empty for
	// other commands.
	Act problem.ActName `json:"act,omitempty"`
}

// Report is the result of a check. It does not contain the token.
type Report struct {
	// OK tells that everything works that Colab needs.
	OK bool `json:"ok"`
	// Verdict is the result in one line.
	Verdict string `json:"verdict"`
	Runtime string `json:"runtime"`
	Steps   []Step `json:"steps"`
}

// limits bound the time and the memory that a server can take from the check.
type limits struct {
	request time.Duration // for the answer to a request
	kernel  time.Duration // for a kernel to start
	cell    time.Duration // for a cell to run
	cleanup time.Duration // for the kernel to be shut down again
	body    int64         // of an answer, in bytes
}

var defaultLimits = limits{
	request: 10 * time.Second,
	kernel:  time.Minute,
	cell:    time.Minute,
	cleanup: 20 * time.Second,
	body:    4 << 20,
}

// Check sends the requests by which Colab's page connects to a runtime, and reports
// the result of each step. It starts a kernel of its own and shuts it down again,
// also if ctx ends. It changes nothing else. Check calls onStep, which can be nil,
// after each step.
func Check(ctx context.Context, target Target, onStep func(Step)) Report {
	return check(ctx, target, defaultLimits, onStep)
}

func check(ctx context.Context, target Target, l limits, onStep func(Step)) Report {
	c := newChecker(target, l)
	defer c.close()
	report := Report{OK: true, Runtime: target.Profile.Runtime}
	reasons := map[string]string{} // by ID, why the steps that need that step are skipped
	for _, s := range c.steps() {
		step := Step{ID: s.id, Name: s.name}
		reason := ""
		for _, need := range s.needs {
			reason = cmp.Or(reason, reasons[need])
		}
		if reason == "" && (ctx.Err() == nil || s.always) {
			s.run(ctx, &step)
		}
		if ctx.Err() != nil && !s.always && step.Status != OK {
			reason = i18n.T("check.interruption")
		}
		if reason != "" {
			step.Status, step.Got = Skipped, i18n.T("check.because", "reason", reason)
			step.Advice, step.Command = "", ""
		}
		if step.Status == Fail {
			reason = step.Name
		}
		reasons[step.ID] = reason
		c.redactStep(&step)
		shorten(report.Steps, &step)
		step.Act = actOf(step.Command, target.Profile)
		report.Steps = append(report.Steps, step)
		if onStep != nil {
			onStep(step)
		}
	}
	report.Verdict, report.OK = verdict(ctx, target, report.Steps)
	return report
}

// step is a step to do. run sets the result.
type step struct {
	id, name string
	needs    []string // IDs of the steps that must not fail before
	always   bool     // runs even if the check was interrupted
	run      func(context.Context, *Step)
}

func (c *checker) steps() []step {
	return []step{
		{id: "engine", name: i18n.T("check.step.engine"), run: c.checkEngine},
		{id: "container", name: i18n.T("check.step.container"), needs: []string{"engine"}, run: c.checkContainer},
		{id: "port", name: i18n.T("check.step.port"), needs: []string{"container"}, run: c.checkPort},
		{id: "token", name: i18n.T("check.step.token"), needs: []string{"port"}, run: c.checkToken},
		{id: "preflight", name: i18n.T("check.step.preflight"), needs: []string{"token"}, run: c.checkPreflights},
		{id: "build-info", name: i18n.T("check.step.buildInfo"), needs: []string{"token"}, run: c.checkBuildInfo},
		{id: "kernelspecs", name: i18n.T("check.step.kernelspecs"), needs: []string{"token"}, run: c.checkKernelspecs},
		{id: "sessions", name: i18n.T("check.step.sessions"), needs: []string{"token"}, run: c.checkSessions},
		{id: "contents", name: i18n.T("check.step.contents"), needs: []string{"token"}, run: c.checkContents},
		{id: "kernel", name: i18n.T("check.step.kernel"), needs: []string{"token", "kernelspecs"}, run: c.checkKernel},
		{id: "websocket", name: i18n.T("check.step.websocket"), needs: []string{"kernel"}, run: c.checkWebSocket},
		{id: "cell", name: i18n.T("check.step.cell"), needs: []string{"websocket"}, run: c.checkCell},
		{id: "shutdown", name: i18n.T("check.step.shutdown"), needs: []string{"token", "kernelspecs"}, always: true, run: c.checkShutdown},
		{id: "browser", name: i18n.T("check.step.browser"), run: c.checkBrowser},
	}
}

// shorten replaces advice that an earlier step has as well by a reference to that step.
func shorten(before []Step, s *Step) {
	for _, b := range before {
		if s.Advice != "" && b.Advice == s.Advice {
			s.Advice, s.Command = i18n.T("check.same", "step", b.Name), ""
			return
		}
	}
}

// actOf returns the act that does what a command does.
func actOf(command string, p config.Profile) problem.ActName {
	switch command {
	case p.CommandLine("start"):
		return problem.ActStart
	case p.CommandLine("restart"):
		return problem.ActRestart
	case p.CommandLine("restart", "--settings"):
		return problem.ActRepair
	default:
		return ""
	}
}

// Acts returns what the program can do about the first step that failed.
func (r Report) Acts() []problem.Act {
	i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Status == Fail })
	if i < 0 || r.Steps[i].Act == "" {
		return nil
	}
	return []problem.Act{{Name: r.Steps[i].Act}}
}

// redactStep removes control characters and then the token from the texts of a step,
// which can contain what a server has sent. In this order, because a control
// character inside the token would hide it.
func (c *checker) redactStep(s *Step) {
	for _, text := range []*string{&s.Expected, &s.Got, &s.Advice, &s.Command} {
		*text = c.redact(i18n.Lines(*text))
	}
	s.Got, s.Command = i18n.Line(s.Got), i18n.Line(s.Command)
}

func (c *checker) redact(text string) string {
	for _, secret := range []string{c.token, url.QueryEscape(c.token), url.PathEscape(c.token)} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	return text
}

// verdict returns the result of the check in one line, and whether everything works.
func verdict(ctx context.Context, t Target, steps []Step) (string, bool) {
	var notes []string
	for _, s := range steps {
		switch s.Status {
		case Fail:
			return i18n.T("check.verdict.fail", "runtime", t.Profile.Runtime, "why", i18n.Sentence(s.Got)), false
		case Warn:
			notes = append(notes, s.Name)
		}
	}
	switch {
	case ctx.Err() != nil:
		return i18n.T("check.verdict.interrupted"), false
	case len(notes) > 0:
		return i18n.T("check.verdict.warn", "runtime", t.Profile.Runtime, "steps", strings.Join(notes, ", ")), true
	default:
		return i18n.T("check.verdict.ok", "runtime", t.Profile.Runtime), true
	}
}

func (s *Step) ok(got string) { s.Status, s.Got = OK, got }

func (s *Step) warn(got string) { s.Status, s.Got = Warn, got }

func (s *Step) fail(got string) { s.Status, s.Got = Fail, got }
