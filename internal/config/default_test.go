package config

import (
	"maps"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

var commented = regexp.MustCompile(`(?m)^#(\S)`)

func TestDefaultFile(t *testing.T) {
	text := string(DefaultFile())
	if strings.TrimSpace(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(text, "")) != "" {
		t.Error("it sets something")
	}
	// As it is, and with every setting that it shows: both are the defaults.
	shown := commented.ReplaceAllString(text, "$1")
	for _, text := range []string{text, shown} {
		s, err := Load(Sources{File: write(t, text)})
		if err != nil {
			t.Fatal(err)
		}
		if !s.Profile.Equal(Default()) || !maps.EqualFunc(s.Profiles, BuiltIn(), Profile.Equal) {
			t.Errorf("got %+v", s)
		}
	}
	for name := range BuiltIn() {
		if !strings.Contains(text, name) {
			t.Errorf("the profile %s is not mentioned", name)
		}
	}
	for _, setting := range settings() {
		if !strings.Contains(shown, "\n"+setting+" = ") {
			t.Errorf("%s is not shown", setting)
		}
	}
}

// TestSettingsAreKnown: what a table can hold is what is accepted, and what is
// said when something else is there.
func TestSettingsAreKnown(t *testing.T) {
	for _, setting := range settings() {
		path := []string{"profiles", "any", setting}
		if setting == "profile" {
			path = []string{setting}
		}
		if !isSetting(path) || !strings.Contains(settingsHint, setting) {
			t.Errorf("%s is not known everywhere", setting)
		}
	}
}

// settings returns the names of all settings.
func settings() []string {
	names := []string{"profile"}
	for field := range reflect.TypeFor[table]().Fields() {
		names = append(names, field.Tag.Get("toml"))
	}
	return names
}
