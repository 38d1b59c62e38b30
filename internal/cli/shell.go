package cli

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"

	"colabtray/internal/engine"
)

// exitError is the exit code of a command that was run in the runtime, other than 0.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// runShell opens a shell in the runtime or runs a command there, with a terminal where
// a person has one at both ends, so that pipes work.
func runShell(ctx context.Context, in *invocation) error {
	return in.withSession(ctx, func(ctx context.Context, s *Session) error {
		if _, err := s.settled(ctx); err != nil {
			return err
		}
		cmd := engine.Command{Args: in.args, Stdin: in.Stdin, Stdout: unfiltered(in.Stdout), Stderr: unfiltered(in.Stderr)}
		if input, output := terminalOf(in.Stdin), terminalOf(cmd.Stdout); input != nil && output != nil {
			if name, set := in.LookupEnv("TERM"); set {
				cmd.Env = append(cmd.Env, "TERM="+name)
			}
			following, end := context.WithCancel(ctx)
			defer end()
			cmd.Terminal = terminalSizes(following, output)
			restore, err := rawTerminal(input, output)
			if err != nil {
				return err
			}
			defer restore()
		}
		code, err := s.Runtime.Shell(ctx, cmd)
		if err == nil && code != 0 {
			err = exitError(code)
		}
		return err
	})
}

// terminalOf returns the terminal that a stream is; nil for any other.
func terminalOf(stream any) *os.File {
	if f, is := stream.(*os.File); is && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// rawTerminal hands every key on as it is typed, until restore.
func rawTerminal(input, output *os.File) (restore func(), err error) {
	before, err := term.MakeRaw(int(input.Fd()))
	if err != nil {
		return nil, err
	}
	after := showEscapes(output)
	return func() {
		after()
		_ = term.Restore(int(input.Fd()), before)
	}, nil
}

// terminalSizes returns the sizes of a terminal: the present one, and each that follows
// until ctx ends.
func terminalSizes(ctx context.Context, of *os.File) <-chan engine.TerminalSize {
	sizes := make(chan engine.TerminalSize)
	go func() {
		changed, stop := resizes()
		defer stop()
		var last engine.TerminalSize
		for {
			columns, rows, err := term.GetSize(int(of.Fd()))
			size := engine.TerminalSize{Rows: uint(max(rows, 0)), Columns: uint(max(columns, 0))}
			if err == nil && size != last {
				select {
				case sizes <- size:
					last = size
				case <-ctx.Done():
					return
				}
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	return sizes
}
