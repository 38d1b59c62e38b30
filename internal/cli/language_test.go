package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/test/testenv"
)

// TestLanguage: what the program prints is in the language of the settings file,
// also of one that is wrong; else in that of the system.
func TestLanguage(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	english := map[string]string{"LANG": "en_GB.UTF-8"}
	german := map[string]string{"LANG": "de_DE.UTF-8"}
	const asksForGerman = "[preferences]\nlanguage = 'de'\n"
	const port = "[profiles.jupyter]\nport = 0\n"
	for _, test := range []struct {
		file string
		env  map[string]string
		args string
		code int
		want string
	}{
		{"", english, "help", exitDone, "Usage: "},
		{"", german, "help", exitDone, "Aufruf: "},
		{"", german, "stop -h", exitDone, "Aufruf: "},
		{asksForGerman, english, "help", exitDone, "hält die Laufzeit an"},
		{asksForGerman, map[string]string{"LANG": "C", "LC_ALL": "C"}, "help", exitDone, "Aufruf: "},
		{"[preferences]\nlanguage = 'en'", german, "help", exitDone, "Usage: "},
		{"", map[string]string{"LANG": "C.UTF-8", "LANGUAGE": "de"}, "help", exitDone, "Usage: "},
		{"", map[string]string{"LANG": "tlh_AA.UTF-8", "LANGUAGE": "tlh:de"}, "help", exitDone, "Aufruf: "},
		{"", map[string]string{"LANG": "fr_FR.UTF-8"}, "help", exitDone, "Utilisation\u202f: "},
		{"", german, "strat", exitUsage, "falscher Aufruf: einen Befehl „strat“ gibt es nicht\nWar start gemeint?\nDie Befehle und Optionen zeigt 'colab-tray help'.\n"},
		{"", german, "stop --prot", exitUsage, "eine Option --prot gibt es nicht\nWar --port gemeint?\nDie Befehle und Optionen zeigt 'colab-tray help stop'.\n"},
		{"", german, "--port", exitUsage, "hinter --port fehlt ein Wert"},
		{"", german, "logs --tail x", exitUsage, "so geht keine Option"},
		{"", german, "stop now", exitUsage, "mit „now“ kann stop nichts anfangen"},
		{"", german, "config", exitUsage, "nach config muss eines davon stehen: init, path"},
		{"", german, "--port http url", exitUsage, "--port: „http“ ist kein Port. Möglich sind Zahlen von 1 bis 65535."},
		{"", english, "--port http url", exitUsage, `--port: "http" is no port. Use a number from 1 to 65535.`},
		{asksForGerman + port, english, "config check", exitProblem, "config.toml:4: profiles.jupyter.port: 0 ist außerhalb des Möglichen."},
		{port + "[preferences]\nlanguage = 'en'", german, "config check", exitProblem, "config.toml:2: profiles.jupyter.port: 0 is out of range."},
		{port, german, "config check", exitProblem, "config.toml:2: profiles.jupyter.port: 0 ist außerhalb des Möglichen."},
		{"[preferences]\nlanguage = 'tlh'", german, "config check", exitProblem, "mit „tlh“ ist hier nichts gemeint"},
		{asksForGerman, english, "config check", exitDone, "alles in Ordnung"},
		{asksForGerman, english, "status", exitProblem, "Docker antwortet nicht.\nUnter unix:///nowhere/docker.sock antwortet nichts; dort ist die Engine laut DOCKER_HOST."},
		{asksForGerman, english, "delete", exitProblem, "Docker antwortet nicht.\n"},
		{asksForGerman, english, "doctor", exitDone, "Docker does not answer"},
	} {
		t.Setenv("XDG_CONFIG_HOME", t.TempDir())
		if test.file != "" {
			testenv.WriteSettings(t, config.File, test.file)
		}
		var out bytes.Buffer
		p := &Program{Engine: dockerEngine, Version: "test", Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, LookupEnv: func(name string) (string, bool) {
			v, set := test.env[name]
			return v, set
		}}
		code := p.Run(context.Background(), strings.Fields(test.args))
		if code != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("%q, %v, %s: exit code %d\n%s\nwant %d, %q", test.file, test.env, test.args, code, &out, test.code, test.want)
		}
	}
}

func TestYes(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		yes := "y yes Y YES " + i18n.T("question.yes") + " " + strings.ToUpper(i18n.T("question.yes"))
		for answer := range strings.FieldsSeq(yes) {
			if !isYes(" " + answer + "\r\n") {
				t.Errorf("in %s %q is no yes", language, answer)
			}
		}
		for _, answer := range []string{"", "\n", "n", "nein", "non", "yesterday", "jaja", "y yes"} {
			if isYes(answer) {
				t.Errorf("in %s %q is a yes", language, answer)
			}
		}
	}
	i18n.Use("de")
	if !isYes("Ja") {
		t.Error("in German, Ja is no yes")
	}
	i18n.Use(i18n.English)
	if isYes("ja") {
		t.Error("in English, ja is a yes")
	}
}
