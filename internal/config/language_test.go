package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"colabtray/internal/i18n"
)

// TestLanguageIn: the language is found even in a file that is partly wrong.
func TestLanguageIn(t *testing.T) {
	for text, want := range map[string]Language{
		"":                                LanguageAuto,
		"[preferences]\nlanguage = 'de'":  "de",
		"[preferences]\nicon = 'dark'":    LanguageAuto,
		"[preferences]\nlanguage = 'tlh'": LanguageAuto,
		"[profiles.jupyter]\nport = 'http'\n[preferences]\nlanguage = 'de'": "de",
		"prot = 1\npreferences = {language = 'de', icon = 'pink'}":          "de",
		"[preferences]\nlanguage = 'de'\n[profiles.jupyter]\nport = ":       "de",
	} {
		if got := LanguageIn(write(t, text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := LanguageIn(filepath.Join(t.TempDir(), "none.toml")); got != LanguageAuto {
		t.Errorf("of no file: %s", got)
	}
}

// TestLanguageIsOneFile: the settings accept and list a language as soon as the file
// with its texts exists.
func TestLanguageIsOneFile(t *testing.T) {
	english, err := os.ReadFile("../i18n/en.toml")
	if err != nil {
		t.Fatal(err)
	}
	const text = "[preferences]\nlanguage = 'pl'"
	if s, err := Load(Sources{File: write(t, text)}); err == nil {
		t.Fatalf("before, it is taken as %s", s.Preferences.Language)
	}
	t.Cleanup(i18n.Load(fstest.MapFS{
		"en.toml": {Data: english},
		"pl.toml": {Data: []byte("[list]\nor = '{names} lub {last}'\n[setting.preferences]\nlanguage = 'Język: {languages}.'")},
	}))
	if s, err := Load(Sources{File: write(t, text)}); err != nil || s.Preferences.Language != "pl" {
		t.Errorf("it is taken as %s, %v", s.Preferences.Language, err)
	}
	if got := LanguageIn(write(t, text)); got != "pl" {
		t.Errorf("it is found as %s", got)
	}
	_, err = Load(Sources{File: write(t, "[preferences]\nlanguage = 'de'")})
	if err == nil || !strings.HasSuffix(err.Error(), `"de" is not understood. Use "auto", "en" or "pl"`) {
		t.Errorf("another one: %v", err)
	}
	i18n.Use("pl")
	if text := string(DefaultFile()); !strings.Contains(text, `# Język: "en" lub "pl".`) {
		t.Errorf("the settings file has\n%s", text)
	}
	for _, entry := range Reference() {
		if entry.Key == "language" && entry.Text != `Język: "en" lub "pl".` {
			t.Errorf("it is documented as %q", entry.Text)
		}
	}
}
