package tunnel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"unicode"

	"colabtray/internal/child"
	"colabtray/internal/i18n"
)

// The bounds of what one command on the box may say, and of how many run at a time: many
// boxes allow ten sessions.
const (
	mostOutput  = 1 << 20
	mostStdio   = 8
	mostOutputs = 2
)

// common are ssh's options for each login. What the person's configuration forwards would
// end our ssh where a port is taken, and their control socket would swallow our forwards.
var common = []string{
	"-T",
	"-o", "ClearAllForwardings=yes", "-o", "ControlPersist=no", "-o", "RemoteCommand=none",
	"-o", "ForwardAgent=no", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no",
	"-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=2",
}

// login returns ssh's options for a login, with which nobody is asked anything, or a
// program asks.
func login(asks bool, level string) []string {
	batch, timeout := "yes", "5"
	if asks {
		batch, timeout = "no", "120"
	}
	return append(common[:len(common):len(common)], "-o", "BatchMode="+batch, "-o", "ConnectTimeout="+timeout, "-o", "LogLevel="+level)
}

// quoted makes one command line for the box's shell. What is plain stays so: not each
// shell has these quotes.
func quoted(words []string) string {
	line := make([]string, len(words))
	for i, word := range words {
		line[i] = quote(word)
	}
	return strings.Join(line, " ")
}

// quote quotes a word for sh, csh and fish: single quotes, and outside of these a
// backslash before what one of them takes for more than itself.
func quote(word string) string {
	plain := word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return r >= unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+,:@", r)
	})
	if plain {
		return word
	}
	return "'" + strings.NewReplacer(`'`, `'\''`, `\`, `'\\'`, `!`, `'\!'`).Replace(word) + "'"
}

// output runs an ssh command and returns what it writes.
func output(ctx context.Context, d Destination, cmd *exec.Cmd) (string, error) {
	var out bounded
	cmd.Stdout = &out
	c, err := child.Start(cmd)
	if err != nil {
		return "", d.notStarted(err)
	}
	select {
	case <-c.Ended():
	case <-ctx.Done():
		c.Kill()
		<-c.Ended()
		return "", context.Cause(ctx)
	}
	var exit *exec.ExitError
	switch {
	case out.full:
		return "", fmt.Errorf("%s: a command says more than %d bytes", d, mostOutput)
	case errors.As(c.Err(), &exit) && exit.ExitCode() == 127:
		return "", d.fail(NoCommand, c.Said.String())
	case errors.As(c.Err(), &exit) && exit.ExitCode() != 255:
		return "", fmt.Errorf("%s: %w: %s", d, exit, i18n.Line(c.Said.String()))
	case c.Err() != nil && strings.Contains(c.Said.String(), "socket connect("):
		return "", errGone
	case c.Err() != nil:
		return "", d.failure(c.Said.String())
	default:
		return out.text.String(), nil
	}
}

// notStarted is the error of an ssh program that could not be started.
func (d Destination) notStarted(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return d.fail(NoSSH, err.Error())
	}
	return d.fail(Other, err.Error())
}

// bounded keeps the beginning of an output.
type bounded struct {
	text bytes.Buffer
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.text.Len()+len(p) > mostOutput {
		b.full = true
		return 0, io.ErrShortBuffer // which ends the command
	}
	return b.text.Write(p)
}
