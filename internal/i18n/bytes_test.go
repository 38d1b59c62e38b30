package i18n

import (
	"strings"
	"testing"
)

func TestBytes(t *testing.T) {
	t.Cleanup(func() { Use(English) })
	for _, test := range []struct {
		n           int64
		want, other string
	}{
		{0, "0 kB", "0 ko"},
		{1, "1 kB", "1 ko"},
		{1_000, "1 kB", "1 ko"},
		{4_001, "5 kB", "5 ko"},
		{1_000_000, "1 MB", "1 Mo"},
		{119_600_000, "120 MB", "120 Mo"},
		{1_312_000_000, "1.3 GB", "1,3 Go"},
	} {
		for language, want := range map[string]string{English: test.want, "fr": test.other} {
			Use(language)
			if got := Bytes(test.n); got != want {
				t.Errorf("%d bytes in %s: got %q, want %q", test.n, language, got, want)
			}
		}
	}
	for _, language := range Languages() {
		Use(language)
		if units := strings.Fields(T("number.units")); len(units) != 5 {
			t.Errorf("%s.toml has the units %q", language, units)
		}
	}
}
