package i18n

import (
	"slices"
	"testing"
	"testing/fstest"
)

// polish has plural forms that neither English nor German has, and few texts.
const polish = `
[number]
point = ","
units = "B kB MB GB TB"

[list]
or = "{names} lub {last}"

[cli.backup]
entries = {one = "1 wpis", few = "{count} wpisy", many = "{count} wpisów", other = "{count} wpisu"}
`

// withPolish adds a language by its file alone.
func withPolish(t *testing.T) {
	t.Helper()
	own := fstest.MapFS{"pl.toml": {Data: []byte(polish)}}
	for _, language := range Languages() {
		text, err := files.ReadFile(language + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		own[language+".toml"] = &fstest.MapFile{Data: text}
	}
	t.Cleanup(Load(own))
}

// TestLanguageIsOneFile: a file more, and the language is offered, found, and
// said with the plurals that it has.
func TestLanguageIsOneFile(t *testing.T) {
	before := Languages()
	t.Run("another file", func(t *testing.T) {
		withPolish(t)
		want := append(slices.Clone(before[1:]), "pl")
		slices.Sort(want)
		if got := Languages(); got[0] != English || !slices.Equal(got[1:], want) {
			t.Errorf("there are %q", got)
		}
		if got := first([]string{"tlh_AA", "pl_PL.UTF-8"}); got != "pl" {
			t.Errorf("the system's is %s", got)
		}
		Use("pl")
		if got := Language() + " " + Decimal(1.5) + " " + Or([]string{"a", "b", "c"}); got != "pl 1,5 a, b lub c" {
			t.Errorf("it is said as %q", got)
		}
		for count, want := range map[int]string{
			0: "0 wpisów", 1: "1 wpis", 2: "2 wpisy", 4: "4 wpisy", 5: "5 wpisów", 11: "11 wpisów", 12: "12 wpisów",
			21: "21 wpisów", 22: "22 wpisy", 112: "112 wpisów", 1_000_002: "1000002 wpisy",
		} {
			if got := T("cli.backup.entries", "count", count); got != want {
				t.Errorf("%d: %q, want %q", count, got, want)
			}
		}
		if got := T("cli.backup.entries", "count", int64(3)); got != "3 wpisy" {
			t.Errorf("a long number: %q", got)
		}
		if got, want := T("cli.backup.relinked", "count", 1), "One link that leads out of the data was made absolute."; got != want {
			t.Errorf("what is not translated: %q, want %q", got, want)
		}
		if got := categoriesOf("pl"); !slices.Equal(got, []string{"few", "many", "one", "other"}) {
			t.Errorf("Polish has %q", got)
		}
	})
	if !slices.Equal(Languages(), before) || Language() != English {
		t.Errorf("afterwards there are %q, in use %s", Languages(), Language())
	}
}

func TestPlurals(t *testing.T) {
	t.Cleanup(func() { Use(English) })
	for language, want := range map[string][3]string{
		"en": {"0 entries", "1 entry", "2 entries"},
		"de": {"0 Einträge", "1 Eintrag", "2 Einträge"},
		"fr": {"0 entrée", "1 entrée", "2 entrées"},
	} {
		Use(language)
		for count, want := range want {
			if got := T("cli.backup.entries", "count", count); got != want {
				t.Errorf("%s: %q, want %q", language, got, want)
			}
		}
	}
	if got := Table("cli.backup"); got["done"] == "" || got["entries"] != "" {
		t.Errorf("of the table: %q", got)
	}
	if formsIn(map[string]any{"one": "a"}) != nil || formsIn(map[string]any{"other": "a", "another": "b"}) != nil {
		t.Error("a table of other texts has plural forms")
	}
}
