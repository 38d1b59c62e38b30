package engine

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// Environment returns a variable of an environment.
func Environment(env []string, name string) string {
	for _, pair := range env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// EnvironmentTokens returns the token that the container was made with, if any.
func EnvironmentTokens(c Container) []secret.Secret {
	if t := Environment(c.Env, "JUPYTER_TOKEN"); t != "" {
		return []secret.Secret{secret.New(t)}
	}
	return nil
}

// MaxLine is how much of a line of output is read, in bytes: the container can
// write lines of any length. What is longer is left out.
const MaxLine = 64 << 10

// EachLine calls line for every line of a stream, without its end, until the
// stream ends.
func EachLine(stream io.Reader, line func(string)) error {
	r := bufio.NewReaderSize(stream, 4<<10)
	var kept []byte
	for {
		part, err := r.ReadSlice('\n')
		kept = append(kept, part[:min(len(part), MaxLine-len(kept))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if len(kept) > 0 || err == nil {
			line(strings.TrimRight(string(kept), "\r\n"))
		}
		kept = kept[:0]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// LastLines returns the last lines of a container's output, fit to be shown.
func LastLines(ctx context.Context, e Engine, c Container, n int) []string {
	stream, err := e.Logs(ctx, c, LogQuery{Tail: n, Since: c.OutputSince()})
	if err != nil {
		return nil
	}
	defer stream.Close()
	known := EnvironmentTokens(c)
	var lines []string
	_ = EachLine(stream, func(line string) {
		lines = append(lines, i18n.Line(secret.Mask(i18n.Lines(line), known)))
	})
	return lines[max(0, len(lines)-n):]
}
