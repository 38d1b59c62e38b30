package runtime

import (
	"context"
	"errors"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/gpu"
	"colabtray/internal/i18n"
)

// cardsTime is how long another machine may take to tell its graphics cards. A driver that
// nobody uses takes seconds.
const cardsTime = 10 * time.Second

// CardsThere returns the NVIDIA graphics cards of the engine's machine where that is another
// one, one a line with driver and memory; none where it has no nvidia-smi. The error is
// [engine.ErrLacks] where the engine is on this computer, or where nothing but the engine
// can be reached there.
func (m *Manager) CardsThere(ctx context.Context) ([]string, error) {
	there, err := engine.Need[engine.Remote](m.engine())
	if err != nil {
		return nil, err
	}
	ask := func() ([]string, error) {
		ctx, cancel := context.WithTimeout(ctx, cardsTime)
		defer cancel()
		return gpu.Query(ctx, there.RunThere)
	}
	cards, err := ask()
	if err != nil && !errors.Is(err, engine.ErrLacks) && !errors.Is(err, context.DeadlineExceeded) {
		cards, err = ask() // a repair of the connection breaks a question off
	}
	for i, card := range cards {
		cards[i] = i18n.Line(card)
	}
	return cards, err
}
