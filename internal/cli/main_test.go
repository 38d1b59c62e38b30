package cli

import (
	"log/slog"
	"os"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/test/testenv"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(cleanupLast{m}) }

// cleanupLast ends what the tests share before leaks are looked for.
type cleanupLast struct{ *testing.M }

func (l cleanupLast) Run() int {
	defer testenv.End(os.Stderr)
	return l.M.Run()
}

// dockerEngine makes the engine as the program does.
func dockerEngine(address string, log *slog.Logger) engine.Engine { return docker.Open(address, log) }
