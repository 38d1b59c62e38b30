package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/child"
	"colabtray/internal/engine"
)

var _ engine.Attacher = (*Engine)(nil)

// Attach implements [engine.Attacher].
func (e *Engine) Attach(ctx context.Context, id string, c engine.Command) (exitCode int, err error) {
	k, err := e.running(ctx, id)
	if err != nil {
		return 0, err
	}
	name, _ := nameOf(id)
	said := &verdictFilter{to: c.Stderr}
	command := inside(name, commandOf(c))
	attach := attachPipes
	if c.Terminal != nil {
		said.to, attach = c.Stdout, attachTerminal
		command = slices.Insert(command, 1, "--tty")
	}
	if said.to == nil {
		said.to = io.Discard
	}
	err = attach(ctx, k, command, c, said)
	code, told := said.end()
	var failure *toolError
	switch isTool := errors.As(err, &failure); {
	case ctx.Err() != nil:
		return 0, context.Cause(ctx)
	case isTool && told && code == failure.exit:
		return code, nil
	case isTool:
		failure.said = lastWords(said.tail.String())
	}
	return 0, e.failure(err)
}

// commandOf returns the command with its directory and variables, for which a cluster has
// no options.
func commandOf(c engine.Command) []string {
	command := c.Args
	if len(c.Env) > 0 {
		command = slices.Concat([]string{"env"}, c.Env, command)
	}
	if c.Dir != "" {
		command = slices.Concat([]string{"sh", "-c", `cd -- "$1" && shift && exec "$@"`, "sh", c.Dir}, command)
	}
	return command
}

func attachPipes(ctx context.Context, k kubectl, command []string, c engine.Command, said *verdictFilter) error {
	cmd := k.command(command...)
	cmd.Stderr = said
	in, write, err := os.Pipe()
	if err != nil {
		return err
	}
	go func() { // it may be under way for as long as the input is
		_, _ = io.Copy(write, c.Stdin)
		_ = write.Close()
	}()
	defer in.Close()
	return run(ctx, cmd, in, c.Stdout)
}

// attachOwnTerminal gives kubectl the terminal that the input and the output are, of which it
// makes the command's, and tells it of each size. It ends with that terminal, as it is no
// child that has none.
func attachOwnTerminal(ctx context.Context, k kubectl, command []string, c engine.Command, said *verdictFilter) error {
	input, isInput := c.Stdin.(*os.File)
	output, isOutput := c.Stdout.(*os.File)
	if !isInput || !isOutput {
		return engine.ErrLacks
	}
	cmd := k.command(command...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, output, said
	if err := cmd.Start(); err != nil {
		return startError(err)
	}
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &toolError{exit: exit.ExitCode()}
	}
	return err
}

// verdictFilter hands on what kubectl writes, without what it adds about the exit code of
// a command that fails.
type verdictFilter struct {
	to   io.Writer
	held []byte // the end of what was written, if a verdict can begin there
	tail child.Tail
}

// Write implements [io.Writer].
func (f *verdictFilter) Write(p []byte) (int, error) {
	_, _ = f.tail.Write(p)
	text := append(f.held, p...)
	at := verdictAt(text)
	f.held = bytes.Clone(text[at:])
	if _, err := f.to.Write(text[:at]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// verdictAt returns where a text ends with the beginning of a verdict, or a whole one.
func verdictAt(text []byte) int {
	const longest = len(verdict) + len("255\r\n")
	for at := max(0, len(text)-longest); at < len(text); at++ {
		rest := text[at:]
		if bytes.HasPrefix([]byte(verdict), rest) || bytes.HasPrefix(rest, []byte(verdict)) {
			return at
		}
	}
	return len(text)
}

// end hands on what was held, and returns the exit code if that was a verdict.
func (f *verdictFilter) end() (code int, told bool) {
	if number, is := strings.CutPrefix(string(f.held), verdict); is {
		if code, err := strconv.Atoi(strings.TrimSpace(number)); err == nil {
			return code, true
		}
	}
	_, _ = f.to.Write(f.held)
	return 0, false
}
