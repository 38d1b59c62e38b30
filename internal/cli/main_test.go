package cli

import (
	"log/slog"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// dockerEngine makes the engine as the program does.
func dockerEngine(address string, log *slog.Logger) engine.Engine { return docker.Open(address, log) }
