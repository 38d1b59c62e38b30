package i18n

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var braces = regexp.MustCompile(`\{(\w+)\}`)

// sentences are the tables whose texts are sentences, so that none is the same in
// two languages.
var sentences = regexp.MustCompile(`^(problem|config|setting|backup|help|question)\.`)

// TestTranslations holds the languages together: a translation has every text of
// the English file, no other, in words of its own and with the same values in it.
func TestTranslations(t *testing.T) {
	english := loaded.Load().of(English).all()
	for _, language := range Languages() {
		c := loaded.Load().of(language)
		own := c.all()
		for _, name := range slices.Sorted(maps.Keys(english)) {
			if own[name] == nil {
				t.Errorf("%s.toml lacks %s", language, name)
			}
			if got := slices.Sorted(maps.Keys(own[name])); c.plurals[name] != nil && !slices.Equal(got, categoriesOf(language)) {
				t.Errorf("%s.toml: %s has the plural forms %q, and the language %q", language, name, got, categoriesOf(language))
			}
			for category, text := range own[name] {
				got, want := values(text), values(english[name][otherForm])
				switch {
				case strings.TrimSpace(text) == "":
					t.Errorf("%s.toml has no words for %s", language, name)
				case language != English && text == english[name][otherForm] && sentences.MatchString(name):
					t.Errorf("%s.toml has %s in English", language, name)
				case category != otherForm && slices.Equal(got, without(want, "count")): // "one file"
				case !slices.Equal(got, want):
					t.Errorf("%s.toml: %s has the values %q and not %q", language, name, got, want)
				}
			}
		}
		for name := range own {
			if english[name] == nil {
				t.Errorf("%s.toml has %s, which en.toml has not", language, name)
			}
		}
	}
}

// all returns all texts by their names; one without plural forms has the form
// that all languages have.
func (c *catalogue) all() map[string]forms {
	all := maps.Clone(c.plurals)
	for name, text := range c.texts {
		all[name] = forms{otherForm: text}
	}
	return all
}

// categoriesOf returns the categories of whole numbers in a language, and the one
// that all languages have.
func categoriesOf(language string) []string {
	all := []string{otherForm}
	for count := range 1000 {
		all = append(all, category(language, count))
	}
	all = append(all, category(language, 1_000_000))
	slices.Sort(all)
	return slices.Compact(all)
}

func without(list []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == one })
}

// values are what a text has in braces, each once.
func values(text string) []string {
	var all []string
	for _, match := range braces.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestSay(t *testing.T) {
	t.Cleanup(func() { Use(English) })
	if Language() != English {
		t.Fatalf("before anything the language is %s", Language())
	}
	for _, test := range []struct{ language, want string }{
		{"en", "Ready on port {8888} 12.5"},
		{"de", "Bereit auf Port {8888} 12,5"},
		{"fr", "Prêt sur le port {8888} 12,5"},
		{"tlh", "Ready on port {8888} 12.5"},
	} {
		Use(test.language)
		got := T("state.status.ready", "port", "{8888}", "nothing", 1) + " " + Decimal(12.46)
		if got != test.want {
			t.Errorf("in %s: %q, want %q", test.language, got, test.want)
		}
	}
	if got := T("no such text"); got != "no such text" {
		t.Errorf("a text that there is not: %q", got)
	}
	Use("de")
	if got := Table("state.short")["stopping"]; got != "wird angehalten" {
		t.Errorf("of a table: %q", got)
	}
}

// breakable is a punctuation mark that a line end can part from its words.
var breakable = regexp.MustCompile(`[ \x{a0}][;:!?»](\W|$)|«[ \x{a0}]`)

// TestNoLoosePunctuation: where a language has a space beside a punctuation mark, it is
// the one that no line end takes the place of, and that [Line] keeps.
func TestNoLoosePunctuation(t *testing.T) {
	for _, language := range Languages() {
		for name, forms := range loaded.Load().of(language).all() {
			for _, text := range forms {
				if found := breakable.FindString(text); found != "" {
					t.Errorf("%s.toml: %s has %q in %q", language, name, found, text)
				}
			}
		}
	}
}

// TestValuesAreNotLookedInto: a value with braces in it, which can come from a
// container, stays what it is.
func TestValuesAreNotLookedInto(t *testing.T) {
	if got := fill("{a} and {b}", []any{"a", "{b}", "b", "{a}"}); got != "{b} and {a}" {
		t.Errorf("got %q", got)
	}
}

// TestNoSecondFullStop: whatever is said in a text, also what ends as a sentence.
func TestNoSecondFullStop(t *testing.T) {
	doubled := regexp.MustCompile(`[^.]\.\.([^.]|$)|[!?…]\.`)
	for _, language := range Languages() {
		for name, forms := range loaded.Load().of(language).all() {
			for _, text := range forms {
				for _, value := range []string{"Invalid name.", "really?", "no!", "wait…", "word"} {
					var all []any
					for _, placeholder := range values(text) {
						all = append(all, placeholder, value)
					}
					if got := fill(text, all); doubled.MatchString(got) {
						t.Errorf("%s.toml: %s is %q", language, name, got)
					}
				}
			}
		}
	}
	for want, texts := range map[string][]string{
		"":             {"", " "},
		"One.":         {"One"},
		"One. Two.":    {"One.", "", "Two\n"},
		"One! Two? 3.": {"One!", "Two?", "3"},
	} {
		if got := Sentences(texts...); got != want {
			t.Errorf("%q: got %q", texts, got)
		}
	}
}

func TestSystem(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"LANG": "de_DE.UTF-8"}, "de"},
		{map[string]string{"LANG": "de_AT"}, "de"},
		{map[string]string{"LANG": "DE"}, "de"},
		{map[string]string{"LANG": "de@euro"}, "de"},
		{map[string]string{"LANG": "en_GB.UTF-8"}, "en"},
		{map[string]string{"LANG": "fr_CA.UTF-8"}, "fr"},
		{map[string]string{"LANG": "tlh_AA.UTF-8"}, "en"},
		{map[string]string{"LANG": "tlh_AA.UTF-8", "LANGUAGE": "tlh:de:en"}, "de"},
		{map[string]string{"LANG": "de_DE.UTF-8", "LANGUAGE": "en"}, "en"},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"},
		{map[string]string{"LANG": "en_US.UTF-8", "LC_ALL": "de_CH.UTF-8"}, "de"},
		{map[string]string{"LANG": "C.UTF-8", "LANGUAGE": "de"}, "en"},
		{map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "en"},
		{map[string]string{"LC_ALL": "", "LANG": "de_DE.UTF-8"}, "de"},
	} {
		lookup := func(name string) (string, bool) { v, ok := test.env[name]; return v, ok }
		if got := first(fromEnvironment(lookup)); got != test.want {
			t.Errorf("%v: %s, want %s", test.env, got, test.want)
		}
	}
	if got := first([]string{"de-DE", "en-US"}); got != "de" {
		t.Errorf("as Windows writes it: %s", got)
	}
	if got := first(appleLanguages("(\n    \"de-DE\",\n    \"en-US\"\n)\n")); got != "de" {
		t.Errorf("as macOS writes it: %s", got)
	}
}

func TestSentence(t *testing.T) {
	for text, want := range map[string][2]string{
		"":            {"", ""},
		" ":           {"", ""},
		"so be it":    {"So be it.", "so be it."},
		"so be it.\n": {"So be it.", "so be it."},
		"über":        {"Über.", "über."},
		"1 of 2":      {"1 of 2.", "1 of 2."},
	} {
		if got := [2]string{Sentence(text), FullStop(text)}; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Escaped("a \"b\"\x1b[0m\n"); got != `a \"b\"\x1b[0m\n` {
		t.Errorf("escaped: %s", got)
	}
	if got := Escaped(strings.Repeat("ä", 10_000)); len(got) > longest+len("…") || !strings.HasSuffix(got, "ä…") {
		t.Errorf("a long one: %d bytes", len(got))
	}
}
