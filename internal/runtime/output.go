package runtime

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/url"
	"regexp"
	"strings"

	"colabtray/internal/words"
)

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

// secrets finds what follows the word token in a URL, an option or a header.
var secrets = regexp.MustCompile(`(?i)(token(?:=|%3D|["']?:\s*)["']?|authorization: token )[^\s&"',;]+`)

// masked replaces every token in a line, known ones wherever they stand.
func masked(line string, known []Token) string {
	for _, t := range known {
		if t.Reveal() != "" {
			line = strings.ReplaceAll(line, t.Reveal(), redacted)
		}
	}
	return secrets.ReplaceAllString(line, "${1}"+redacted)
}

// announcedURL is a line in which a server tells where it is, as Jupyter writes
// it: the address alone, after blanks, "or" and what its log puts before all lines.
// An address within a line is somebody else's, a page's in the log of requests say.
var announcedURL = regexp.MustCompile(`^(?:\[[IC] [^\[\]]{1,60}\])?\s*(?:or )?(https?://[^\s/?#]+:\d+/\S*)\s*$`)

// announcement reports whether a line tells where a server listens, and the
// token it gives, which may be missing. Jupyter writes "..." where the token was
// given to it.
func announcement(line string) (Token, bool) {
	found := announcedURL.FindStringSubmatch(words.Lines(line))
	if found == nil {
		return Token{}, false
	}
	u, err := url.Parse(found[1])
	if err != nil {
		return Token{}, true
	}
	token := NewToken(u.Query().Get("token"))
	if token.Reveal() == "..." || !token.sendable() {
		token = Token{}
	}
	return token, true
}

// LogOptions selects what of a runtime's output is wanted.
type LogOptions struct {
	// Follow goes on until the container ends or the context does.
	Follow bool
	// Tail is the number of last lines wanted; 0 or less for all.
	Tail int
}

// An engine keeps no output with the logging driver of that name, and with some
// others gives none back; Docker has these words for it.
const (
	noLogDriver   = "none"
	unreadableLog = "logging driver does not support reading"
)

// noLogProblem tells that the engine keeps no output of the container.
func noLogProblem(c Container) *Problem {
	return &Problem{
		Code:  CodeNoLog,
		Short: words.Say("problem.noLog"),
		Hint:  words.Say("problem.noLogHint", "container", c.Name, "driver", c.LogDriver),
	}
}

// Logs writes the output of the runtime's container to w, line by line, with
// every token masked and control sequences left out. It returns a *[Problem]
// when there is no container, no log or no engine.
func (m *Manager) Logs(ctx context.Context, w io.Writer, options LogOptions) error {
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil {
		return operationProblem(m.Profile(), m.link.Info(), err)
	}
	if !c.Exists {
		return noContainerProblem(m.Profile(), words.Say("problem.noOutputHint"))
	}
	query := LogQuery{Follow: options.Follow, Tail: options.Tail}
	if query.Tail <= 0 {
		query.Tail = -1
	}
	if c.LogDriver == noLogDriver {
		return noLogProblem(c)
	}
	stream, err := m.engine().Logs(ctx, c, query)
	if err != nil && strings.Contains(err.Error(), unreadableLog) {
		return noLogProblem(c)
	}
	if err != nil {
		return operationProblem(m.Profile(), m.link.Info(), err)
	}
	defer stream.Close()
	known := environmentTokens(c)
	if url := m.Snapshot().URL; !url.IsZero() {
		known = append(known, url.Token())
	}
	var failed error
	err = eachLine(stream, func(line string) {
		if failed == nil {
			_, failed = io.WriteString(w, masked(words.Lines(line), known)+"\n")
		}
		if failed != nil {
			_ = stream.Close()
		}
	})
	if failed != nil {
		return failed
	}
	if ctx.Err() != nil {
		return nil // the end of following
	}
	return err
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
