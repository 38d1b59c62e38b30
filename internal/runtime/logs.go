package runtime

import (
	"context"
	"io"
	"strings"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// LogOptions selects a part of a runtime's output.
type LogOptions struct {
	// Follow continues with new output until the container or the context ends.
	Follow bool
	// Tail is the number of last lines; 0 or less for all.
	Tail int
}

// Logs writes the output of the runtime's container to w, line by line. It masks
// every token and removes control sequences. It returns a *[problem.Problem] if
// there is no container, no log or no engine, and nil if ctx ends.
func (m *Manager) Logs(ctx context.Context, w io.Writer, options LogOptions) error {
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil {
		return engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	if !c.Exists {
		return engine.NoContainerProblem(m.Profile(), i18n.T("problem.noOutputHint"))
	}
	query := engine.LogQuery{Follow: options.Follow, Tail: options.Tail}
	if query.Tail <= 0 {
		query.Tail = -1
	}
	if c.LogDriver == engine.NoLogDriver {
		return engine.NoLogProblem(c)
	}
	stream, err := m.engine().Logs(ctx, c, query)
	if err != nil && strings.Contains(err.Error(), engine.UnreadableLog) {
		return engine.NoLogProblem(c)
	}
	if err != nil {
		return engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	defer stream.Close()
	known := engine.EnvironmentTokens(c)
	if url := m.Snapshot().URL; !url.IsZero() {
		known = append(known, url.Token())
	}
	var failed error
	err = engine.EachLine(stream, func(line string) {
		if failed == nil {
			_, failed = io.WriteString(w, engine.MaskedLine(line, known)+"\n")
		}
		if failed != nil {
			_ = stream.Close()
		}
	})
	if failed != nil {
		return failed
	}
	if ctx.Err() != nil {
		return nil // this is how a caller ends Follow
	}
	return err
}
