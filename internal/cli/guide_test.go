package cli

import (
	"io"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/test/testenv"
)

// TestSettingsOfTheGuide: what the page writes is in force for the runtime of a terminal's
// guide, too, where a flag keeps winning.
func TestSettingsOfTheGuide(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	file := testenv.WriteSettings(t, config.File, "profile = \"mine\"\n[profiles.mine]\n")
	in := &invocation{
		Program: &Program{Engine: dockerEngine, Stderr: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }},
		flags:   config.Flags{"port": "1234"},
	}
	s, err := in.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	settings := pageSettings{s}
	if settings.File() != file {
		t.Errorf("the file is %s", settings.File())
	}
	if got := settings.Overrides()["profile.port"]; got != "--port" {
		t.Errorf("the port is given by %q", got)
	}
	e := config.Editor{File: file}
	for _, change := range []error{
		e.Put("mine", "profile.memory", "8g"), e.Put("mine", "profile.port", "4321"), e.Put("mine", "preferences.language", "de"),
		e.RenameProfile("mine", "yours"),
	} {
		if change != nil {
			t.Fatal(change)
		}
	}
	settings.Apply()
	testenv.WaitFor(t, "the settings", func() error {
		if p := s.Runtime.Profile(); p.Name != "yours" || p.Memory != 8<<30 || p.Port != 1234 || p.Runtime != "local-mine-runtime" {
			return &config.Error{Short: p.Name}
		}
		return nil
	})
	if i18n.Language() != "de" {
		t.Errorf("the language is %s", i18n.Language())
	}
}
