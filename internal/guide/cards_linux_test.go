package guide

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/test/testenv"
)

// gpuBox is an engine in memory as one on another machine, with a graphics card.
type gpuBox struct {
	engine.Engine
	broken *atomic.Bool // so that it does not tell
}

func (b gpuBox) Connect(ctx context.Context) (engine.Info, error) {
	info, err := b.Engine.Connect(ctx)
	info.Local, info.Machine = false, "gpubox"
	return info, err
}

func (b gpuBox) RunThere(context.Context, ...string) (string, error) {
	if b.broken.Load() {
		return "", errors.New("no devices were found")
	}
	return "NVIDIA <b>L4</b>, 550.54, 23034 MiB\nNVIDIA T4, 550.54, 15360 MiB\n", nil
}

// TestCardsInBrowser: of a runtime on another machine the page tells that machine's
// graphics cards, and asks again when they were not known.
func TestCardsInBrowser(t *testing.T) {
	t.Parallel()
	m := memory.New()
	m.AddImage("example/jupyter:1", memory.Jupyter())
	p := config.Default()
	p.Image, p.Port = "example/jupyter:1", testenv.FreePort(t)
	b := gpuBox{m, new(atomic.Bool)}
	b.broken.Store(true)
	r := openOn(t, b, p)
	w := openWindow(t, r)
	w.click("start")
	w.wait("that it is ready", `document.getElementById("status").dataset.state === "ready"`)
	w.turnTo("use-cards")
	says := func(text string) string {
		return `!document.getElementById("use-cards").hidden && document.getElementById("use-cards").textContent === "` + text + `"`
	}
	w.wait("that they are not known", says("The graphics cards of gpubox are not known: the log says why."))
	b.broken.Store(false)
	w.turnTo("files")
	w.turnTo("use-cards")
	w.wait("the cards", says("Graphics cards of gpubox: NVIDIA <b>L4</b>, 550.54, 23034 MiB; NVIDIA T4, 550.54, 15360 MiB"))
	if err := r.manager.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wait("that they are not told of what does not run", `document.getElementById("use-cards").hidden`)
}
