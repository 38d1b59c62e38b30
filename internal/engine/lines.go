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

// MaxLine is how much of a line of output is read, in bytes, because a container can
// write lines of any length. The rest of a longer line is left out.
const MaxLine = 64 << 10

// EachLine calls line for every line of a stream, without its line end, until the
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

// Beginning is a writer that keeps the first Most bytes written to it and drops the
// rest.
type Beginning struct {
	Most int
	kept strings.Builder
}

// Write implements [io.Writer]. It never fails.
func (b *Beginning) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), b.Most-b.kept.Len())])
	return len(p), nil
}

// String returns what was kept.
func (b *Beginning) String() string { return b.kept.String() }

// MaskedLine makes a line of [EachLine] fit to be shown: without control characters, and
// without the known tokens. A known token that MaxLine cuts off is masked, too.
func MaskedLine(line string, known []secret.Secret) string {
	masked := secret.Mask(i18n.Lines(line), known)
	if len(line) >= MaxLine {
		masked = secret.MaskCutEnd(masked, known)
	}
	return masked
}

// LastLines returns the last n lines of a container's current run, fit to be shown. It
// masks the known tokens, and the token in the container's environment.
func LastLines(ctx context.Context, e Engine, c Container, n int, known ...secret.Secret) []string {
	stream, err := e.Logs(ctx, c, LogQuery{Tail: n, Since: c.RunSince()})
	if err != nil {
		return nil
	}
	defer stream.Close()
	known = append(EnvironmentTokens(c), known...)
	var lines []string
	_ = EachLine(stream, func(line string) {
		lines = append(lines, i18n.Line(MaskedLine(line, known)))
	})
	return lines[max(0, len(lines)-n):]
}
