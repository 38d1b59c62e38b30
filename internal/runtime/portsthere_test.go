package runtime

import (
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// TestPortsThere: only Jupyter's port comes from a box by itself.
func TestPortsThere(t *testing.T) {
	p := config.Default()
	box := engine.Info{Host: "ssh://me@gpubox:22", Machine: "gpubox", Forwarded: true}
	if w := portsThereWarning(p, box); w != nil {
		t.Errorf("without other ports: %+v", w)
	}
	p.Ports = []config.PublishedPort{{Host: 6006, Container: 6006}, {Host: 7860, Container: 7861}}
	if w := portsThereWarning(p, engine.Info{Local: true}); w != nil {
		t.Errorf("on this computer: %+v", w)
	}
	w := portsThereWarning(p, box)
	if w == nil || w.Code != problem.Elsewhere || w.Command != "ssh -N -L 6006:127.0.0.1:6006 -L 7860:127.0.0.1:7860 -p 22 me@gpubox" {
		t.Errorf("on a box: %+v", w)
	}
}
