package guide

import (
	"context"
	"testing"

	"github.com/chromedp/chromedp"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// cluster is an engine in memory with what a cluster can do, and no more.
type cluster struct {
	engine.Engine
	engine.Remaker
}

func (c cluster) Connect(ctx context.Context) (engine.Info, error) {
	info, err := c.Engine.Connect(ctx)
	info.Name, info.Local, info.Machine = "Kubernetes", false, "gpu-cluster"
	return info, err
}

func (c cluster) PullFor(ctx context.Context, image, platform string, _ config.ClusterSettings, progress func(engine.Progress)) error {
	return c.Pull(ctx, image, platform, progress)
}

// TestClusterInBrowser: a runtime that waits for a GPU is shown as that, can be given up,
// and what a cluster cannot do is not there.
func TestClusterInBrowser(t *testing.T) {
	t.Parallel()
	m := memory.New()
	m.AddImage("example/jupyter:1", memory.Jupyter())
	if err := m.SetScarce(&engine.Waiting{For: engine.WaitingForGPU, Said: "<b>8 Insufficient</b> nvidia.com/gpu."}); err != nil {
		t.Fatal(err)
	}
	p := config.Default()
	p.Image, p.Port, p.GPU = "example/jupyter:1", testenv.FreePort(t), config.GPU{All: true}
	r := openOn(t, cluster{m, m}, p)
	w := openWindow(t, r)
	hidden := `["update", "files", "data", "folders", "packages", "ports"].every((id) => document.getElementById(id).hidden)`
	w.wait("what is not offered", hidden+` && !document.getElementById("files-lacks").hidden`)
	w.do("start it", chromedp.Click("#start"))
	w.wait("the wait", `document.getElementById("state").textContent === "Waiting for a GPU" && document.getElementById("status").dataset.state === "waiting"`)
	w.wait("what the cluster says", `document.getElementById("state-hint").textContent.endsWith("Kubernetes says: <b>8 Insufficient</b> nvidia.com/gpu.")`)
	w.wait("what to do without one", `document.getElementById("acts").textContent === "Start without GPU"`)
	w.wait("since when", `document.getElementById("details").textContent.includes("since ")`)
	w.pictures("waiting")
	w.do("give up", chromedp.Click("#stop"))
	w.wait("that it is given up", `document.getElementById("status").dataset.state === "stopped"`)
	w.do("start it again", chromedp.Click("#start"))
	w.wait("the wait", `document.getElementById("status").dataset.state === "waiting"`)
	if err := m.SetScarce(nil); err != nil {
		t.Fatal(err)
	}
	w.wait("that it is ready", `document.getElementById("status").dataset.state === "ready" && `+hidden)
	if s := r.manager.Snapshot(); s.State != runtime.Ready || s.Waited.For != engine.WaitingForGPU || !s.FreesGPU {
		t.Errorf("it is %+v", s)
	}
}
