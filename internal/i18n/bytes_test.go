package i18n

import "testing"

func TestBytes(t *testing.T) {
	for _, test := range []struct {
		n    int64
		want string
	}{
		{0, "0 kB"},
		{1, "1 kB"},
		{1_000, "1 kB"},
		{4_001, "5 kB"},
		{1_000_000, "1 MB"},
		{119_600_000, "120 MB"},
		{1_312_000_000, "1.3 GB"},
	} {
		if got := Bytes(test.n); got != test.want {
			t.Errorf("%d bytes: got %q, want %q", test.n, got, test.want)
		}
	}
}
