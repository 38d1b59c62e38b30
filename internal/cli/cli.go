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
	"fmt"
	"io"
	"log/slog"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/logfile"
	"colabtray/internal/problem"
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
	// Engine makes the engine at an address of the settings, or the one of this computer
	// for an empty one. It tells in the log what it gets along without.
	Engine func(address string, log *slog.Logger) engine.Engine
	// Tray shows the tray until its person quits.
	Tray func(ctx context.Context, s Start) error
}

// Run runs the command line and returns the exit code.
func (p *Program) Run(ctx context.Context, args []string) int {
	shown := p.screens()
	return shown.exitCode(shown.run(ctx, args))
}

// exitCode tells an error, and returns the exit code that it stands for.
func (p *Program) exitCode(err error) int {
	var problem *problem.Problem
	var wrong *config.Error
	var usage *usageError
	var code exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &usage):
		p.tellUsage(usage)
		return exitUsage
	case errors.As(err, &problem):
		p.printProblem(problem)
		return exitProblem
	case errors.As(err, &wrong):
		fmt.Fprintln(p.Stderr, "colab-tray: "+i18n.FullStop(i18n.Line(wrong.Error())))
		p.printCommand(wrong.Command)
		if wrong.IsFlag() {
			return exitUsage
		}
		return exitProblem
	case errors.Is(err, errReported):
		return exitProblem
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.Stderr, i18n.T("cli.interrupted"))
		return exitProblem
	default:
		fmt.Fprintf(p.Stderr, "colab-tray: %s\n", i18n.Line(i18n.Error(err)))
		return exitProblem
	}
}

// errReported marks a problem that was told already.
var errReported = errors.New("reported")

// printProblem writes a problem: what happened, why and what to do, the command.
func (p *Program) printProblem(problem *problem.Problem) {
	p.printProblemAs(red, problem)
}

// printProblemAs writes a problem, its first line in a style.
func (p *Program) printProblemAs(as style, problem *problem.Problem) {
	_ = printStyled(p.Stderr, as, i18n.FullStop(i18n.Line(problem.Short)), "")
	if problem.Hint != "" {
		fmt.Fprintln(p.Stderr, problem.Hint)
	}
	p.printCommand(problem.Command)
}

// printCommand writes a command to copy, if there is one.
func (p *Program) printCommand(command string) {
	if command != "" {
		_ = printStyled(p.Stderr, bold, commandIndent+i18n.Line(command), "")
	}
}

func (p *Program) run(ctx context.Context, args []string) error {
	p.useLanguage()
	in := &invocation{Program: p}
	root := in.commandLine()
	root.SetArgs(twoDashes(root, args))
	at, err := root.ExecuteContextC(ctx)
	err = usageMistake(at, err)
	if in.notify {
		in.notifyOf(ctx, err)
	}
	if err != nil && in.json {
		in.printFailure(err)
	}
	return err
}

// log returns the log of this run: on standard error with -v, and in the file
// where there is one.
func (in *invocation) log() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	var handlers []slog.Handler
	if in.verbose {
		handlers = append(handlers, slog.NewTextHandler(screen{unfiltered: unfiltered(in.Stderr)}, options))
	}
	if in.logFile != nil {
		handlers = append(handlers, slog.NewTextHandler(in.logFile, options))
	}
	return slog.New(logfile.Once(slog.NewMultiHandler(handlers...)))
}
