package cli

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// onTerminal returns what a terminal of so many columns gets from what f writes.
func onTerminal(t *testing.T, columns uint16, environ map[string]string, f func(in *invocation)) string {
	t.Helper()
	person, program := testenv.Terminal(t, columns)
	got := make(chan string)
	go func() {
		var b bytes.Buffer
		_, _ = io.Copy(&b, person)
		got <- b.String()
	}()
	p := &Program{Stdin: program, Stdout: program, Stderr: program, LookupEnv: func(name string) (string, bool) {
		value, is := environ[name]
		return value, is
	}}
	f(&invocation{Program: p.screens()})
	_ = program.Close()
	return strings.ReplaceAll(<-got, "\r\n", "\n")
}

var warning = &problem.Problem{
	Short:   "Other computers can reach the runtime",
	Hint:    "Its container was made by hand, with a port that is published for everybody.",
	Command: "docker rename local-jupyter-runtime local-jupyter-runtime-of-mine",
}

// TestProblemOnATerminal: colours where they are wanted, lines broken at words, and
// commands whole, so that they can be copied.
func TestProblemOnATerminal(t *testing.T) {
	const lines = "Other computers can reach the\nruntime.\n"
	const hint = "Its container was made by hand,\nwith a port that is published\nfor everybody.\n"
	const command = "    docker rename local-jupyter-runtime local-jupyter-runtime-of-mine"
	const without = lines + hint + command + "\n"
	for _, test := range []struct {
		name, want string
		environ    map[string]string
	}{
		{"in colours", "\x1b[1;31m" + strings.TrimSuffix(lines, "\n") + "\x1b[0m\n" + hint + "\x1b[1m" + command + "\x1b[0m\n", nil},
		{"an empty NO_COLOR", "\x1b[1;31m" + strings.TrimSuffix(lines, "\n") + "\x1b[0m\n" + hint + "\x1b[1m" + command + "\x1b[0m\n", map[string]string{"NO_COLOR": ""}},
		{"NO_COLOR", without, map[string]string{"NO_COLOR": "1"}},
		{"a dumb terminal", without, map[string]string{"TERM": "dumb"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := onTerminal(t, 32, test.environ, func(in *invocation) { in.printProblem(warning) }); got != test.want {
				t.Errorf("it shows %q, want %q", got, test.want)
			}
		})
	}
}

// TestHostileWordsInColour: what comes from elsewhere brings no colours of its own.
func TestHostileWordsInColour(t *testing.T) {
	got := onTerminal(t, 80, nil, func(in *invocation) {
		in.printProblem(&problem.Problem{Short: hostile, Hint: hostile, Command: hostile})
	})
	for _, ours := range []string{"\x1b[1;31m", "\x1b[1m", "\x1b[0m"} {
		got = strings.ReplaceAll(got, ours, "")
	}
	if strings.ContainsAny(got, "\x1b\a\r\u202e\u009b") {
		t.Errorf("it shows %q", got)
	}
}

// TestProgressOnATerminal: one line that changes and never breaks, or line by line where
// the terminal can do no more.
func TestProgressOnATerminal(t *testing.T) {
	pulling := func(done int64) runtime.Snapshot {
		return runtime.Snapshot{
			State: runtime.Pulling, Image: "quay.io/jupyter/base-notebook",
			Progress: engine.Progress{LayersDone: 1, Layers: 9, Bytes: done, Total: 500e6},
		}
	}
	show := func(in *invocation) {
		line := in.progressLine()
		line.show(pulling(100e6))
		line.show(pulling(200e6))
		line.show(runtime.Snapshot{State: runtime.Starting, Runtime: "local-jupyter-runtime"})
		line.clear()
	}
	got := onTerminal(t, 72, nil, show)
	if strings.Contains(got, "\n") || !strings.Contains(got, ": 20 %, 100 of 500 MB, 1 of 9 layers ...\r") || !strings.Contains(got, ": 40 %, 200 of") {
		t.Errorf("it shows %q", got)
	}
	for part := range strings.SplitSeq(got, "\r") {
		if cells(part) >= 72 {
			t.Errorf("%q does not fit", part)
		}
	}
	if last := got[strings.LastIndex(strings.TrimSuffix(got, "\r"), "\r"):]; strings.TrimSpace(last) != "" {
		t.Errorf("it leaves %q", last)
	}
	const lines = "Pulling quay.io/jupyter/base-notebook ...\nStarting local-jupyter-runtime ...\n"
	if got := onTerminal(t, 72, map[string]string{"TERM": "dumb"}, show); got != lines {
		t.Errorf("a dumb terminal shows %q", got)
	}
	var file bytes.Buffer
	show(&invocation{Program: (&Program{Stdout: &file, Stderr: &file, LookupEnv: os.LookupEnv}).screens()})
	if file.String() != lines {
		t.Errorf("a file gets %q", &file)
	}
}

// TestHelpOnATerminal: it fits, in every language.
func TestHelpOnATerminal(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		got := onTerminal(t, 60, nil, func(in *invocation) { in.help(in.commandLine()) })
		for line := range strings.Lines(got) {
			if cells(line) > 60 {
				t.Errorf("in %s, %q does not fit", language, line)
			}
		}
	}
}
