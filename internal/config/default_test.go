package config

import (
	"maps"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"colabtray/internal/i18n"
)

var commented = regexp.MustCompile(`(?m)^#(\S)`)

func TestDefaultFile(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		testDefaultFile(t, string(DefaultFile()))
	}
}

func testDefaultFile(t *testing.T, text string) {
	if strings.TrimSpace(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(text, "")) != "" {
		t.Error("it sets something")
	}
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(line) > 100 || strings.Contains(line, "setting.") {
			t.Errorf("a line is not for people: %s", line)
		}
	}
	// The file as it is, and the file with every setting uncommented, both give the
	// defaults.
	shown := commented.ReplaceAllString(text, "$1")
	for _, text := range []string{text, shown} {
		s, err := Load(Sources{File: write(t, text)})
		if err != nil {
			t.Fatal(err)
		}
		if !s.Profile.Equal(Default()) || !maps.EqualFunc(s.Profiles, BuiltIn(), Profile.Equal) || s.Preferences != DefaultPreferences() {
			t.Errorf("got %+v", s)
		}
	}
	for name := range BuiltIn() {
		if !strings.Contains(text, name) {
			t.Errorf("the profile %s is not mentioned", name)
		}
	}
	for _, setting := range allSettings() {
		if key := setting.key; !strings.Contains(shown, "\n"+key+" = ") && !strings.Contains(shown, "\n["+setting.path+"]\n") {
			t.Errorf("%s is not shown", key)
		}
	}
}

// TestSettingsAreKnown: the settings in the table are those that are accepted, and
// those that the error for an unknown setting lists.
func TestSettingsAreKnown(t *testing.T) {
	hints := topHint + profileHint + folderHint + preferencesHint + notificationsHint
	for _, setting := range allSettings() {
		if hint := unknownKey(strings.Split(setting.path, ".")); hint != "" || !strings.Contains(hints, setting.key) {
			t.Errorf("%s is not known everywhere", setting.path)
		}
	}
}

type settingPath struct{ path, key string }

// allSettings returns the paths of all settings.
func allSettings() []settingPath {
	all := []settingPath{{"profile", "profile"}}
	for prefix, keys := range map[string][]string{
		"profiles.any.": profileKeys, "preferences.": preferenceKeys, "preferences.notifications.": notificationKeys,
	} {
		for _, key := range keys {
			all = append(all, settingPath{prefix + key, key})
		}
	}
	return all
}

// TestEveryFieldHasASetting: env and env_file share one field of a profile, the profile's
// own name has no setting, and those for a cluster are fields of a field.
func TestEveryFieldHasASetting(t *testing.T) {
	for of, keys := range map[reflect.Type][]string{
		reflect.TypeFor[Profile]():       profileKeys,
		reflect.TypeFor[Preferences]():   preferenceKeys,
		reflect.TypeFor[Notifications](): notificationKeys,
		reflect.TypeFor[Folder]():        folderKeys,
	} {
		settings := 0
		for field := range of.Fields() {
			switch {
			case field.Type == reflect.TypeFor[ClusterSettings]():
				settings += field.Type.NumField()
			case field.IsExported():
				settings++
			}
		}
		if settings != len(keys) {
			t.Errorf("%v has %d fields and %d settings", of, settings, len(keys))
		}
	}
}
