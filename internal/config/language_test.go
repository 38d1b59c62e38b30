package config

import (
	"path/filepath"
	"testing"
)

// TestLanguageIn: the language is read from what can be read of a file.
func TestLanguageIn(t *testing.T) {
	for text, want := range map[string]Language{
		"":                                LanguageAuto,
		"[preferences]\nlanguage = 'de'":  LanguageGerman,
		"[preferences]\nicon = 'dark'":    LanguageAuto,
		"[preferences]\nlanguage = 'tlh'": LanguageAuto,
		"[profiles.jupyter]\nport = 'http'\n[preferences]\nlanguage = 'de'": LanguageGerman,
		"prot = 1\npreferences = {language = 'de', icon = 'pink'}":          LanguageGerman,
		"[preferences]\nlanguage = 'de'\n[profiles.jupyter]\nport = ":       LanguageGerman,
	} {
		if got := LanguageIn(write(t, text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := LanguageIn(filepath.Join(t.TempDir(), "none.toml")); got != LanguageAuto {
		t.Errorf("of no file: %s", got)
	}
}
