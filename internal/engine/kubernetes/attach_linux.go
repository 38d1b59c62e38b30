package kubernetes

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"colabtray/internal/child"
	"colabtray/internal/engine"
)

// kubectl gives a command a terminal only from one of its own, which is made here on Linux
// alone. So elsewhere an engine lacks the ability.
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

// attachTerminal gives kubectl a terminal, of which it makes the command's. kubectl has it
// hand on each key.
func attachTerminal(ctx context.Context, k kubectl, command []string, c engine.Command, said *verdictFilter) error {
	ours, its, err := openTerminal()
	if err != nil {
		return err
	}
	defer ours.Close()
	select {
	case size := <-c.Terminal:
		_ = setSize(its, size)
	case <-ctx.Done():
		_ = its.Close()
		return context.Cause(ctx)
	}
	cmd := k.command(command...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = its, its, its
	process, err := child.Start(cmd)
	if err != nil {
		_ = its.Close()
		return startError(err)
	}
	defer context.AfterFunc(ctx, process.Kill)()
	go func() { _, _ = io.Copy(ours, c.Stdin) }()
	over := make(chan struct{})
	defer close(over)
	go func() {
		for {
			select {
			case size := <-c.Terminal:
				if setSize(ours, size) == nil {
					_ = syscall.Kill(process.PID(), syscall.SIGWINCH)
				}
			case <-over:
				return
			}
		}
	}()
	shown := make(chan struct{})
	go func() {
		_, _ = io.Copy(said, ours) // ends with an error once no program has the other end
		close(shown)
	}()
	<-process.Ended()
	_ = its.Close()
	<-shown
	return failed(process)
}

func openTerminal() (ours, its *os.File, err error) {
	ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	number := 0
	err = control(ours, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		}
		return err
	})
	if err == nil {
		its, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(err, ours.Close())
	}
	return ours, its, nil
}

// control calls a function with the number of a file, which stays one that does not block.
func control(f *os.File, call func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if bad := raw.Control(func(fd uintptr) { err = call(int(fd)) }); bad != nil {
		return bad
	}
	return err
}

func setSize(terminal *os.File, size engine.TerminalSize) error {
	return control(terminal, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(min(size.Rows, 1<<15)), Col: uint16(min(size.Columns, 1<<15))})
	})
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
