package runtime

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
)

// remote is an engine on another machine, on which a command does what a test says.
type remote struct {
	engine.Engine
	run func(ctx context.Context) (string, error)
}

func (r remote) RunThere(ctx context.Context, _ ...string) (string, error) { return r.run(ctx) }

// TestCardsThere: a question that breaks off is asked once more, and one that fails or
// takes too long is not asked for ever.
func TestCardsThere(t *testing.T) {
	t.Parallel()
	broken := errors.New("the connection to the box was lost")
	for name, c := range map[string]struct {
		fails []error // of the first questions
		asked int
		err   error
	}{
		"answered":         {nil, 1, nil},
		"broken off":       {[]error{broken}, 2, nil},
		"fails":            {[]error{broken, broken}, 2, broken},
		"takes long":       {[]error{context.DeadlineExceeded}, 1, context.DeadlineExceeded},
		"on this computer": {[]error{engine.ErrLacks}, 1, engine.ErrLacks},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			e := remote{memory.New(), func(context.Context) (string, error) {
				if asked++; asked <= len(c.fails) {
					return "", c.fails[asked-1]
				}
				return "NVIDIA L4\x1b[1m, 550.54, 23034 MiB\n", nil
			}}
			log := slog.New(slog.DiscardHandler)
			m := NewManager(NewLink(e, log), config.Default(), Options{Log: log})
			cards, err := m.CardsThere(t.Context())
			var want []string
			if c.err == nil {
				want = []string{"NVIDIA L4, 550.54, 23034 MiB"}
			}
			if !slices.Equal(cards, want) || !errors.Is(err, c.err) || asked != c.asked {
				t.Errorf("asked %d times, the cards are %q, %v", asked, cards, err)
			}
		})
	}
}
