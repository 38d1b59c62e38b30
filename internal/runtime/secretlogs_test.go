package runtime

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/secret"
)

// written is an engine with one container, which has written something.
type written struct {
	engine.Engine
	container engine.Container
	output    string
}

func (e written) Which() engine.Info { return engine.Info{} }

func (e written) Inspect(context.Context, string) (engine.Container, error) { return e.container, nil }

func (e written) Logs(context.Context, engine.Container, engine.LogQuery) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(e.output)), nil
}

// TestKnownTokensAreMasked: tokens that are known are in no text of the output
// that is shown, though no word says that they are tokens.
func TestKnownTokensAreMasked(t *testing.T) {
	e := written{
		container: engine.Container{Exists: true, ID: "c", StartedAt: time.Unix(100, 0), Env: []string{"A=b", "JUPYTER_TOKEN=of-environment"}},
		output:    "of-environment is said\nand of\x1b[0m-server, of-ser\x00ver\n",
	}
	m := NewManager(NewLink(e, slog.New(slog.DiscardHandler)), config.Default(), Options{Log: slog.New(slog.DiscardHandler)})
	m.current.URL = jupyter.NewBackendURL(8888, secret.New("of-server"))
	var out bytes.Buffer
	if err := m.Logs(t.Context(), &out, LogOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "[redacted] is said\nand [redacted], [redacted]\n"; got != want {
		t.Errorf("logs are %q, not %q", got, want)
	}
	lines := engine.LastLines(t.Context(), e, e.container, 20, secret.New("of-server"))
	if len(lines) != 2 || lines[0] != "[redacted] is said" || lines[1] != "and [redacted], [redacted]" {
		t.Errorf("the last lines are %q", lines)
	}
}

// TestCutTokensAreMasked: a known token at the place where a line that is too long is
// cut is in no text of the output that is shown.
func TestCutTokensAreMasked(t *testing.T) {
	fill := strings.Repeat("x", engine.MaxLine-6)
	e := written{
		container: engine.Container{Exists: true, ID: "c", StartedAt: time.Unix(100, 0)},
		output:    fill + "of-server and more\n" + "of-ser\n",
	}
	m := NewManager(NewLink(e, slog.New(slog.DiscardHandler)), config.Default(), Options{Log: slog.New(slog.DiscardHandler)})
	m.current.URL = jupyter.NewBackendURL(8888, secret.New("of-server"))
	var out bytes.Buffer
	if err := m.Logs(t.Context(), &out, LogOptions{}); err != nil {
		t.Fatal(err)
	}
	want := fill + "[redacted]\nof-ser\n"
	if out.String() != want {
		t.Errorf("the logs end in %q", out.String()[engine.MaxLine-20:])
	}
	if got := engine.LastLines(t.Context(), e, e.container, 20, secret.New("of-server")); len(got) != 2 || strings.Contains(got[0], "of-s") {
		t.Errorf("the last lines have the beginning of the token")
	}
}
