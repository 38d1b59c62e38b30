package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReference: the documentation of the settings is true.
func TestReference(t *testing.T) {
	var paths []string
	for _, entry := range Reference() {
		path := strings.TrimPrefix(strings.Replace(entry.Table, anyProfile, "any", 1)+"."+entry.Key, ".")
		paths = append(paths, path)
		if entry.Text == "" || strings.HasPrefix(entry.Text, "setting.") {
			t.Errorf("%s is not explained: %q", path, entry.Text)
		}
		text := entry.Key + " = " + entry.Default
		if entry.Table != "" {
			text = "[" + strings.Replace(entry.Table, anyProfile, DefaultProfile, 1) + "]\n" + text
		}
		s, err := Load(Sources{File: write(t, text)})
		if err != nil || !s.Profile.Equal(Default()) || s.Preferences != DefaultPreferences() {
			t.Errorf("the default of %s is not %s: %v", path, entry.Default, err)
		}
		if (entry.Flag == "") != (entry.Variable == "") && !entry.Repeated {
			t.Errorf("%s has the flag %q and the variable %q", path, entry.Flag, entry.Variable)
		}
		if entry.Flag == "" {
			continue
		}
		// The error for an impossible value names the source of the value.
		sources := map[string]Sources{
			entry.Flag:     {Flags: Flags{entry.Key: "/ /"}},
			entry.Variable: {Env: env(entry.Variable + "=/ /")},
		}
		if entry.Repeated { // and the path of a folder can have blanks
			sources = map[string]Sources{entry.Flag: {Flags: Flags{}.Add(entry.Key, "/x").Add(entry.Key, "/\a")}}
		}
		for source, from := range sources {
			if _, err := Load(from); err == nil || !strings.HasPrefix(err.Error(), source+": ") {
				t.Errorf("%s does not set %s: %v", source, path, err)
			}
		}
	}
	for _, setting := range allSettings() {
		if setting.key != "notifications" && !slices.Contains(paths, setting.path) {
			t.Errorf("%s is not documented", setting.path)
		}
	}
}

// TestManual compares the man page with the settings.
func TestManual(t *testing.T) {
	page, err := os.ReadFile("../../docs/colab-tray.1")
	if err != nil {
		t.Fatal(err)
	}
	manual := string(page)
	for _, entry := range Reference() {
		if !strings.Contains(manual, "\n.It Li "+entry.Key+" = ") {
			t.Errorf("it does not list %s", entry.Key)
		}
		if entry.Flag == "" {
			continue
		}
		item := regexp.MustCompile(`(?ms)^\.It Fl ` + regexp.QuoteMeta(entry.Flag[1:]) + ` Ar .*?(^\.It|\z)`).FindString(manual)
		if item == "" || !entry.Repeated && !strings.Contains(item, strings.Trim(entry.Default, `"`)) {
			t.Errorf("it does not tell of %s with its default %s", entry.Flag, entry.Default)
		}
		if !entry.Repeated && !regexp.MustCompile(`(?m)^\.It Ev .*\b`+entry.Variable+`\b`).MatchString(manual) {
			t.Errorf("it does not tell of %s", entry.Variable)
		}
	}
}
