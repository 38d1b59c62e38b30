package cli

import (
	"context"
	"errors"
	"fmt"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// machineCards are the graphics cards of another machine that a runtime is on.
type machineCards struct {
	machine string   // empty where there is nothing to tell
	cards   []string // nil where they are not known
	err     error    // why they are not known
}

// cardsThere asks the machine of a runtime for its graphics cards, if that is another one
// and answers.
func cardsThere(ctx context.Context, m *runtime.Manager, s runtime.Snapshot) machineCards {
	machine := s.Engine.Elsewhere()
	if machine == "" || s.State == runtime.NoEngine {
		return machineCards{}
	}
	cards, err := m.CardsThere(ctx)
	switch {
	case errors.Is(err, engine.ErrLacks):
		return machineCards{}
	case err != nil:
		return machineCards{machine: machine, err: err}
	default:
		return machineCards{machine: machine, cards: append([]string{}, cards...)}
	}
}

// printCards tells of the graphics cards of another machine.
func (in *invocation) printCards(m machineCards) error {
	if m.machine == "" {
		return nil
	}
	machine := i18n.Line(m.machine)
	lines := []string{}
	switch {
	case m.err != nil:
		in.log().Debug("the graphics cards are not known", "machine", machine, "error", m.err)
		lines = append(lines, i18n.T("cli.cardsUnknown", "machine", machine, "why", i18n.FullStop(i18n.Line(i18n.Error(m.err)))))
	case len(m.cards) == 0:
		lines = append(lines, i18n.T("cli.cardsNone", "machine", machine))
	}
	for _, card := range m.cards {
		lines = append(lines, i18n.T("cli.cardThere", "machine", machine, "card", card))
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(in.sentences(), line); err != nil {
			return err
		}
	}
	return nil
}
