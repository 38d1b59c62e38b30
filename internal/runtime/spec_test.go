package runtime

import (
	"testing"

	"colabtray/internal/config"
)

// TestSettingsHashStays holds what containers of earlier versions carry: another
// hash would make each of them anew.
func TestSettingsHashStays(t *testing.T) {
	for kind, want := range map[config.Kind]string{
		config.KindJupyter: "6d059bd3a593ec6b1eed88e4bb710ccdc2201c5b0967864938fbc8d6d55ff37a",
		config.KindColab:   "ade90be3e9120521fa2017e7b52e1ef8334d9553dc30b0f25b35fec6ff2df9ff",
	} {
		p := config.Default()
		p.Kind = kind
		spec := specOf(p, shipped())
		spec.Mounts, spec.WorkDir = []string{"/home/ana", "/workspace"}, "/home/ana"
		if got := spec.hash(); got != want || spec.Labels[labelSettings] != want {
			t.Errorf("%s: the hash is %s", kind, got)
		}
	}
}
