package tray

import (
	"runtime"
	"testing"
)

// TestLabel: a row shows its text, also one with the mark of the letter that
// chooses a row, as names of images have it.
func TestLabel(t *testing.T) {
	const text = "my_image & a__b"
	want, known := map[string]string{
		"darwin":  text,
		"linux":   "my__image & a____b",
		"windows": "my_image && a__b",
	}[runtime.GOOS]
	if got := label(text); known && got != want {
		t.Errorf("%q became %q, not %q", text, got, want)
	}
}
