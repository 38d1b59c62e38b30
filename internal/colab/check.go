package colab

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// Target is what a check is about, with the facts that its caller knows of the
// engine and the container.
type Target struct {
	// Profile is what the runtime is made from. Its name is the hostname of its
	// container, too.
	Profile config.Profile
	// Engine tells in a line which engine it is, such as "Docker 28.5.2".
	Engine string
	// EngineProblem tells why the engine does not answer; nil when it does.
	EngineProblem *Problem
	// ContainerProblem tells why the container cannot be used, such as that it
	// does not run; nil when it can.
	ContainerProblem *Problem
	// Warnings are what its caller knows that a person should be told of, though
	// the container can be used.
	Warnings []*Problem
	// Port is where Jupyter is published on the loopback interface.
	Port int
	// Host is what the Backend URL calls this computer: "localhost", or
	// "127.0.0.1" where localhost leads to another program, too.
	Host string
	// IPv6 tells that the engine publishes Jupyter at [::1], too. Otherwise what
	// answers there is another program, whatever it says.
	IPv6 bool
	// Token is the token of the server. It is sent to Port of the loopback
	// interface, and nowhere else.
	Token interface{ Reveal() string }
	// Ours tells that our settings are put into the container before each start.
	Ours bool
	// Browser is the family of the default browser, in the words of the package
	// desktop; "" when it is not known.
	Browser string

	// network leads to the server; nil for that of this computer.
	network network
}

// Problem is what its caller knows to be wrong.
type Problem struct {
	Short   string // one line: what happened
	Hint    string // why, and what to do
	Command string // what to run, or empty
}

// Status is how a step went.
type Status string

// The ways a step can go. Skipped is one that was not tried, because of an
// earlier one.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Fail    Status = "fail"
	Skipped Status = "skipped"
)

// Step is one thing that was tried. Its JSON names, like its ids, stay the same
// between releases.
type Step struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   Status `json:"status"`
	Expected string `json:"expected,omitempty"`
	Got      string `json:"got,omitempty"`
	// Advice says what to do, in a sentence or a few.
	Advice string `json:"advice,omitempty"`
	// Command is what to run, where a command helps.
	Command string `json:"command,omitempty"`
}

// Report is the outcome of a check. The token is nowhere in it.
type Report struct {
	// OK tells that all that Colab asks for works.
	OK bool `json:"ok"`
	// Verdict is one plain line.
	Verdict string `json:"verdict"`
	Runtime string `json:"runtime"`
	Steps   []Step `json:"steps"`
}

// limits bound what a server can take of us.
type limits struct {
	request time.Duration // for one answer
	kernel  time.Duration // for a kernel to start
	cell    time.Duration // for a cell to run
	cleanup time.Duration // for the kernel to be shut down again
	body    int64         // bytes of one answer
}

var usual = limits{
	request: 10 * time.Second,
	kernel:  time.Minute,
	cell:    time.Minute,
	cleanup: 20 * time.Second,
	body:    4 << 20,
}

// Check does what Colab's page does to connect to a runtime, and tells step by
// step how it went. It starts a kernel of its own and shuts it down again, also
// when ctx ends; beyond that it changes nothing. onStep, which can be nil, is
// told each step as it is over.
func Check(ctx context.Context, target Target, onStep func(Step)) Report {
	return check(ctx, target, usual, onStep)
}

func check(ctx context.Context, target Target, l limits, onStep func(Step)) Report {
	c := newChecker(target, l)
	defer c.close()
	report := Report{OK: true, Runtime: target.Profile.Runtime}
	reasons := map[string]string{} // by id, why what needs that step is not tried
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
		report.Steps = append(report.Steps, step)
		if onStep != nil {
			onStep(step)
		}
	}
	report.Verdict, report.OK = verdict(ctx, target, report.Steps)
	return report
}

// step is one step to do. run fills in how it went.
type step struct {
	id, name string
	needs    []string // ids of the steps without which it makes no sense
	always   bool     // also when the check was interrupted
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

// shorten refers a failure to an earlier one that has the same remedy.
func shorten(before []Step, s *Step) {
	for _, b := range before {
		if s.Advice != "" && b.Advice == s.Advice {
			s.Advice, s.Command = i18n.T("check.same", "step", b.Name), ""
			return
		}
	}
}

// redactStep takes out of what a server may have sent back what must not reach a
// person, and then the token, which it could have parted.
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

// verdict says in a line what came out, and whether all is well.
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
