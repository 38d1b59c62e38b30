// Package cli owns the command line: the subcommands, their flags, what they
// print, and the exit codes; and the settings that are in force by it, which the
// runtimes follow while the tray runs.
//
// It does not own what the commands do to a runtime (package runtime), nor the
// tray, which is handed to it as what to do without a subcommand. Standard
// output carries only what was asked for, so that a script can use it; all
// else goes to standard error.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
	"colabtray/internal/words"
)

// Exit codes.
const (
	exitDone    = 0
	exitProblem = 1
	exitUsage   = 2
)

// Program is what a command line is run with.
type Program struct {
	// Version is shown by `colab-tray version`.
	Version string
	// Stdin is where a person answers questions.
	Stdin io.Reader
	// Stdout and Stderr are where the program writes.
	Stdout, Stderr io.Writer
	// LookupEnv reads the environment, as [os.LookupEnv] does.
	LookupEnv func(string) (string, bool)
	// HasTray returns why no tray can ever be shown here, nil when one may.
	HasTray func(ctx context.Context) error
	// Alone makes this the person's only tray, until release, which is never nil.
	// Where there is one already it says what that one is doing, and reports false.
	Alone func(ctx context.Context, log *slog.Logger) (release func(), alone bool, err error)
	// Tray shows the tray until its person quits.
	Tray func(ctx context.Context, s *FleetSession) error
}

// usageError tells what makes no sense in a command line.
type usageError struct{ wrong string }

func (e *usageError) Error() string { return words.Say("cli.usage", "wrong", e.wrong) }

// invocation is one run of a command.
type invocation struct {
	*Program
	flags   config.Flags
	verbose bool
	logFile io.Writer // nil for a command

	all, json, watch, follow, settings, noGPU, undo, removeOld bool
	tail                                                       int

	data, noBackup, force, large, yes bool
	file                              string
}

// command is a subcommand; its name can be of two words.
type command struct {
	name  string
	flags func(*flag.FlagSet, *invocation)
	run   func(context.Context, *invocation) error
}

func commands() []command {
	none := func(*flag.FlagSet, *invocation) {}
	return []command{
		{"start", startFlags, runStart},
		{"stop", none, runStop},
		{"restart", restartFlags, runRestart},
		{"update", updateFlags, runUpdate},
		{"status", statusFlags, runStatus},
		{"url", none, runURL},
		{"logs", logsFlags, runLogs},
		{"check", checkFlags, runCheck},
		{"doctor", doctorFlags, runDoctor},
		{"guide", none, runGuide},
		{"backup", backupFlags, runBackup},
		{"restore", restoreFlags, runRestore},
		{"delete", deleteFlags, runDelete},
		{"open", none, runOpen},
		{"config init", none, runConfigInit},
		{"config path", none, runConfigPath},
		{"config show", none, runConfigShow},
		{"config edit", none, runConfigEdit},
		{"config check", none, runConfigCheck},
		{"version", none, runVersion},
	}
}

// takesFile are the commands that the name of a file can follow.
var takesFile = map[string]bool{"backup": true, "restore": true}

// Run runs the command line and returns the exit code.
func (p *Program) Run(ctx context.Context, args []string) int {
	shown := *p
	shown.Stdout, shown.Stderr = screen{p.Stdout}, screen{p.Stderr}
	return shown.exitCode(shown.run(ctx, args))
}

// exitCode tells an error, and returns the exit code that it stands for.
func (p *Program) exitCode(err error) int {
	var problem *runtime.Problem
	var wrong *config.Error
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(p.Stderr, "colab-tray: %v\n%s\n", usage, words.Say("cli.usageHint"))
		return exitUsage
	case errors.As(err, &problem):
		p.tell(problem)
		return exitProblem
	case errors.As(err, &wrong):
		fmt.Fprintln(p.Stderr, "colab-tray: "+words.FullStop(words.Line(wrong.Error())))
		if wrong.Command != "" {
			fmt.Fprintln(p.Stderr, "    "+words.Line(wrong.Command))
		}
		if wrong.IsFlag() {
			return exitUsage
		}
		return exitProblem
	case errors.Is(err, errReported):
		return exitProblem
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Stderr, words.Say("cli.interrupted"))
		return exitProblem
	default:
		fmt.Fprintf(p.Stderr, "colab-tray: %s\n", words.Line(words.Error(err)))
		return exitProblem
	}
}

// errReported marks a problem that was told already.
var errReported = errors.New("reported")

// tell writes a problem: what happened, why and what to do, the command.
func (p *Program) tell(problem *runtime.Problem) {
	fmt.Fprintln(p.Stderr, words.FullStop(words.Line(problem.Short)))
	if problem.Hint != "" {
		fmt.Fprintln(p.Stderr, problem.Hint)
	}
	if problem.Command != "" {
		fmt.Fprintln(p.Stderr, "    "+words.Line(problem.Command))
	}
}

func (p *Program) run(ctx context.Context, args []string) error {
	p.speak()
	in := &invocation{Program: p}
	global := in.flagSet("colab-tray")
	if err := in.parse(global, args, true); err != nil {
		return err
	}
	rest := global.Args()
	if len(rest) == 0 {
		return runTray(ctx, in)
	}
	if rest[0] == "help" {
		p.help(p.Stdout)
		return nil
	}
	c, args, err := find(rest[0], rest[1:])
	if err != nil {
		return err
	}
	local := in.flagSet(c.name)
	c.flags(local, in)
	err = in.parse(local, args, takesFile[c.name])
	if more := local.Args(); err == nil && len(more) > 0 {
		if in.file = more[0]; in.file == "" {
			return &usageError{words.Say("cli.emptyFile")}
		}
		err = in.parse(local, more[1:], false)
	}
	if err != nil {
		return err
	}
	return c.run(ctx, in)
}

// find returns the command that a name, or it and the word behind it, stands
// for, and what is left of the arguments.
func find(name string, args []string) (command, []string, error) {
	var second []string // what could be behind the name
	for _, c := range commands() {
		first, rest, two := strings.Cut(c.name, " ")
		switch {
		case first != name:
		case !two:
			return c, args, nil
		case len(args) > 0 && args[0] == rest:
			return c, args[1:], nil
		default:
			second = append(second, rest)
		}
	}
	if second != nil {
		return command{}, nil, &usageError{words.Say("cli.needsOneOf", "command", name, "words", strings.Join(second, ", "))}
	}
	return command{}, nil, &usageError{words.Say("cli.noCommand", "command", words.Escaped(name))}
}

// flagSet makes a set with the flags that every command has.
func (in *invocation) flagSet(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, setting := range config.Reference() {
		if setting.Flag != "" {
			set.Func(strings.TrimPrefix(setting.Flag, "--"), "", func(v string) error {
				in.flags = in.flags.With(setting.Key, v)
				return nil
			})
		}
	}
	set.BoolVar(&in.verbose, "v", in.verbose, "")
	return set
}

// parse reads the flags; a command takes nothing else.
func (in *invocation) parse(set *flag.FlagSet, args []string, more bool) error {
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		in.help(in.Stdout)
		return err
	case err != nil:
		return &usageError{flagMistake(err.Error())}
	case !more && set.NArg() > 0:
		return &usageError{words.Say("cli.takesNo", "command", set.Name(), "argument", words.Escaped(set.Arg(0)))}
	}
	return nil
}

// flagMistake says what the package flag does of what is wrong with flags.
func flagMistake(text string) string {
	if name, is := strings.CutPrefix(text, "flag provided but not defined: "); is {
		return words.Say("cli.unknownFlag", "flag", name)
	}
	if name, is := strings.CutPrefix(text, "flag needs an argument: "); is {
		return words.Say("cli.flagWithoutValue", "flag", name)
	}
	return words.Say("cli.badFlag", "parser", text)
}

// log returns the log of this run: on standard error with -v, and in the file
// where there is one.
func (in *invocation) log() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	var handlers []slog.Handler
	if in.verbose {
		handlers = append(handlers, slog.NewTextHandler(in.Stderr, options))
	}
	if in.logFile != nil {
		handlers = append(handlers, slog.NewTextHandler(in.logFile, options))
	}
	return slog.New(slog.NewMultiHandler(handlers...))
}

func (p *Program) help(w io.Writer) {
	var b strings.Builder
	b.WriteString(words.Say("help.intro") + "\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-13s %s\n", c.name, words.Say("help.command."+c.name))
	}
	b.WriteString("\n" + words.Say("help.flags") + "\n")
	fmt.Fprint(w, b.String())
}
