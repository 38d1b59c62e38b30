package runtime

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"colabtray/internal/words"
)

// environment returns a variable of an environment.
func environment(env []string, name string) string {
	for _, pair := range env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// environmentTokens returns the token that the container was made with, if any.
func environmentTokens(c Container) []Token {
	if t := environment(c.Env, "JUPYTER_TOKEN"); t != "" {
		return []Token{NewToken(t)}
	}
	return nil
}

// maxLine is how much of a line of output is read, in bytes: the container can
// write lines of any length. What is longer is left out.
const maxLine = 64 << 10

// eachLine calls line for every line of a stream, without its end, until the
// stream ends.
func eachLine(stream io.Reader, line func(string)) error {
	r := bufio.NewReaderSize(stream, 4<<10)
	var kept []byte
	for {
		part, err := r.ReadSlice('\n')
		kept = append(kept, part[:min(len(part), maxLine-len(kept))]...)
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

// lastLines returns the last lines of a container's output, fit to be shown.
func lastLines(ctx context.Context, e Engine, c Container, n int) []string {
	stream, err := e.Logs(ctx, c, LogQuery{Tail: n, Since: c.outputSince()})
	if err != nil {
		return nil
	}
	defer stream.Close()
	known := environmentTokens(c)
	var lines []string
	_ = eachLine(stream, func(line string) {
		lines = append(lines, words.Line(masked(words.Lines(line), known)))
	})
	return lines[max(0, len(lines)-n):]
}
