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
	// Tray shows the tray until its person quits.
	Tray func(ctx context.Context, s *FleetSession) error
}

// errUsage marks a command line that makes no sense.
var errUsage = errors.New("wrong usage")

// invocation is one run of a command.
type invocation struct {
	*Program
	flags   config.Flags
	verbose bool
	logFile io.Writer // nil for a command

	all, json, watch, follow, settings, noGPU bool
	tail                                      int

	data, noBackup, force, large, yes bool
	file                              string
}

// command is a subcommand; its name can be of two words.
type command struct {
	name, summary string
	flags         func(*flag.FlagSet, *invocation)
	run           func(context.Context, *invocation) error
}

func commands() []command {
	none := func(*flag.FlagSet, *invocation) {}
	return []command{
		{"start", "start the runtime, wait until it is ready, print the Backend URL", startFlags, runStart},
		{"stop", "stop the runtime; its data stay", none, runStop},
		{"restart", "stop and start the runtime, print the new Backend URL", restartFlags, runRestart},
		{"update", "pull a newer image, make the runtime anew from it; its data stay", none, runUpdate},
		{"status", "tell the state of the runtime", statusFlags, runStatus},
		{"url", "print the Backend URL", none, runURL},
		{"logs", "print the output of the runtime, tokens masked", logsFlags, runLogs},
		{"check", "try what Colab's page does, and tell what is wrong", checkFlags, runCheck},
		{"doctor", "tell all that helps to find out what is wrong", doctorFlags, runDoctor},
		{"guide", "open the guide to connect Colab in the browser", none, runGuide},
		{"backup", "write the data of the runtime to a file", backupFlags, runBackup},
		{"restore", "put the data of a backup into the runtime", restoreFlags, runRestore},
		{"delete", "delete the container, and its data if asked", deleteFlags, runDelete},
		{"open", "open Colab in the browser", none, runOpen},
		{"config init", "write a settings file that explains every setting", none, runConfigInit},
		{"config path", "print where the settings file is", none, runConfigPath},
		{"config show", "print the settings in force, and where each comes from", none, runConfigShow},
		{"config edit", "open the settings file in an editor, and check it", none, runConfigEdit},
		{"config check", "tell whether the settings are right", none, runConfigCheck},
		{"version", "print the version", none, runVersion},
	}
}

// takesFile are the commands that the name of a file can follow.
var takesFile = map[string]bool{"backup": true, "restore": true}

// Run runs the command line and returns the exit code.
func (p *Program) Run(ctx context.Context, args []string) int {
	err := p.run(ctx, args)
	var problem *runtime.Problem
	var wrong *config.Error
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errUsage):
		fmt.Fprintf(p.Stderr, "colab-tray: %v\nRun 'colab-tray help' for the commands and flags.\n", err)
		return exitUsage
	case errors.As(err, &problem):
		p.tell(problem)
		return exitProblem
	case errors.As(err, &wrong):
		fmt.Fprintf(p.Stderr, "colab-tray: %v.\n", wrong)
		if wrong.IsFlag() {
			return exitUsage
		}
		return exitProblem
	case errors.Is(err, errReported):
		return exitProblem
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Stderr, "Interrupted.")
		return exitProblem
	default:
		fmt.Fprintf(p.Stderr, "colab-tray: %v\n", err)
		return exitProblem
	}
}

// errReported marks a problem that was told already.
var errReported = errors.New("reported")

// tell writes a problem: what happened, why and what to do, the command.
func (p *Program) tell(problem *runtime.Problem) {
	fmt.Fprintln(p.Stderr, problem.Short+".")
	if problem.Hint != "" {
		fmt.Fprintln(p.Stderr, problem.Hint)
	}
	if problem.Command != "" {
		fmt.Fprintln(p.Stderr, "    "+problem.Command)
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
			return fmt.Errorf("%w: the name of the file is empty", errUsage)
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
		return command{}, nil, fmt.Errorf("%w: %s needs one of: %s", errUsage, name, strings.Join(second, ", "))
	}
	return command{}, nil, fmt.Errorf("%w: there is no command %q", errUsage, name)
}

// flagSet makes a set with the flags that every command has.
func (in *invocation) flagSet(name string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	text := func(to **string) func(string) error {
		return func(v string) error { *to = &v; return nil }
	}
	set.Func("name", "", text(&in.flags.Name))
	set.Func("image", "", text(&in.flags.Image))
	set.Func("port", "", text(&in.flags.Port))
	set.Func("profile", "", text(&in.flags.Profile))
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
		return fmt.Errorf("%w: %v", errUsage, err)
	case !more && set.NArg() > 0:
		return fmt.Errorf("%w: %s takes no %q", errUsage, set.Name(), set.Arg(0))
	}
	return nil
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
	b.WriteString(`Colab Tray runs Google Colab notebooks on your own machine.

Usage: colab-tray [flags] [command] [flags]

Without a command it puts an icon in the tray. The commands do the same from a
terminal:

`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-13s %s\n", c.name, c.summary)
	}
	b.WriteString(`
Flags of every command:
  --profile NAME   use the settings of this profile     (COLAB_TRAY_PROFILE)
  --name NAME      name of the container                (COLAB_TRAY_NAME)
  --image IMAGE    image to make the container from     (COLAB_TRAY_IMAGE)
  --port PORT      port on 127.0.0.1                    (COLAB_TRAY_PORT)
  -v               tell in detail what goes on

Flags of single commands:
  start --no-gpu       without the GPU that the settings ask for
  restart --settings   put the settings Colab needs into a container made by hand
  status --all         of every profile whose runtime exists
  status --json        as one JSON object; with --all as one array
  status --watch       again at each change, until Ctrl-C
  logs -f              go on until the runtime ends or Ctrl-C
  logs --tail N        only the last N lines
  check --json         as one JSON object
  doctor --json        as one JSON object
  backup FILE          where it goes; --force replaces a file that is there
  restore [FILE]       without one, the newest backup that delete made;
                       --large for one that is very large unpacked
  delete --data        delete the data, too, after a backup kept for 7 days
  delete, restore      --yes does not ask, --no-backup makes no backup before

The exit code is 0 when it is done, 1 after a problem, 2 for wrong usage.
`)
	fmt.Fprint(w, b.String())
}
