package cli

import (
	"testing"

	"colabtray/internal/runtime"
)

// TestPullWords: what is not known is not said to be nothing.
func TestPullWords(t *testing.T) {
	const mega = 1_000_000
	for want, p := range map[string]runtime.Progress{
		"120 of 512 MB, 3 of 9 layers": {LayersDone: 3, Layers: 9, Bytes: 120_400_000, Total: 511_900_000},
		"0 of 9 layers":                {Layers: 9}, // only listed
		"9 of 9 layers":                {LayersDone: 9, Layers: 9},
		"0 of 1 MB, 1 of 2 layers":     {LayersDone: 1, Layers: 2, Bytes: 1000, Total: 3000},
		"2 of 2 MB, 2 of 2 layers":     {LayersDone: 2, Layers: 2, Bytes: 3 * mega, Total: 2 * mega},
	} {
		if got := pullWords(p); got != want {
			t.Errorf("%+v: %q, not %q", p, got, want)
		}
	}
}
