// Package words owns all texts for people, in each language there is: one file
// per language, such as en.toml, with a name for each text. A translation is a
// copy of en.toml with other texts, and the file is all that a new language
// takes. The package also makes the words of others harmless
// that are to reach a person: [Line], [Lines], [JSON].
//
// It does not own when a text is said, nor the texts that are no person's own:
// the program's log, errors that only code looks at, and the report of the
// doctor, which is read by whoever is asked for help. It knows no other room.
package i18n

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pelletier/go-toml/v2"
)

// English is the language of all texts that are not translated.
const English = "en"

//go:embed *.toml
var files embed.FS

// catalogues are those of all languages, each read when it is first wanted.
type catalogues map[string]func() *catalogue

// loaded are the catalogues there are.
var loaded atomic.Pointer[catalogues]

func init() { Load(files) }

// Load takes the texts from other files than the program's own, one file for a
// language, and returns what brings the former texts back. Tests hold with it
// that a language is one file and nothing else.
func Load(files fs.FS) (restore func()) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		panic(err) // the pattern is right
	}
	all := catalogues{}
	for _, name := range names {
		language := strings.TrimSuffix(name, ".toml")
		all[language] = sync.OnceValue(func() *catalogue { return read(files, language) })
	}
	former := loaded.Swap(&all)
	current.Store(nil)
	return func() {
		loaded.Store(former)
		current.Store(nil)
	}
}

// Languages are those there are texts in, as ISO 639-1 has them: English, and
// the others by name.
func Languages() []string {
	others := maps.Clone(*loaded.Load())
	delete(others, English)
	return append([]string{English}, slices.Sorted(maps.Keys(others))...)
}

// of returns the catalogue of a language there is.
func (all *catalogues) of(language string) *catalogue { return (*all)[language]() }

// catalogue has the texts of a language by their full names, such as
// "state.status.ready".
type catalogue struct {
	language string
	texts    map[string]string
	plurals  map[string]forms
}

func read(files fs.FS, language string) *catalogue {
	text, err := fs.ReadFile(files, language+".toml")
	if err != nil {
		panic(err) // it is embedded, or the program would not have been built
	}
	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		panic(language + ".toml: " + err.Error()) // the tests read them all
	}
	c := &catalogue{language, map[string]string{}, map[string]forms{}}
	c.add("", tables)
	return c
}

// add adds the texts of a table, and of those in it.
func (c *catalogue) add(prefix string, table map[string]any) {
	for name, value := range table {
		switch value := value.(type) {
		case string:
			c.texts[prefix+name] = strings.TrimSuffix(value, "\n")
		case map[string]any:
			if forms := formsIn(value); forms != nil {
				c.plurals[prefix+name] = forms
				continue
			}
			c.add(prefix+name+".", value)
		default:
			panic(fmt.Sprintf("%s.toml: %s%s is no text", c.language, prefix, name))
		}
	}
}

var current atomic.Pointer[catalogue]

// Use makes a language the one of all texts from now on; one that there is not
// is English.
func Use(language string) {
	if !slices.Contains(Languages(), language) {
		language = English
	}
	current.Store(loaded.Load().of(language))
}

// Language returns the language in use, which is English before [Use].
func Language() string { return inUse().language }

func inUse() *catalogue {
	if c := current.Load(); c != nil {
		return c
	}
	return loaded.Load().of(English)
}

// T returns the text of that name in the language in use. What it has in
// braces, such as {port}, is replaced by the value that follows this name in
// values, which are names and values in turn; a value can come from anywhere, and
// is made fit by [Line]. Of a text with plural forms it is the form for the
// number that is called "count". A text that the language does not have is said
// in English.
func T(name string, values ...any) string {
	text, ok := inUse().text(name, values)
	if !ok {
		text, ok = loaded.Load().of(English).text(name, values)
	}
	if !ok {
		return name // the tests look for all that are said
	}
	return fill(text, values)
}

// Has reports whether there is a text of that name.
func Has(name string) bool {
	_, has := inUse().texts[name]
	if !has {
		_, has = loaded.Load().of(English).texts[name]
	}
	return has
}

// fill replaces what is in braces. Values are not looked into; but one that ends
// a sentence, as errors of others may, gets no second full stop.
func fill(text string, values []any) string {
	if len(values) == 0 {
		return text
	}
	var pairs []string
	for i := 0; i+1 < len(values); i += 2 {
		name, value := fmt.Sprintf("{%v}", values[i]), Line(fmt.Sprint(values[i+1]))
		pairs = append(pairs, name+".", FullStop(value), name, value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Table returns the texts whose names begin with that of a table, by what follows
// it, in the language in use. Texts with plural forms are left out.
func Table(table string) map[string]string {
	own := map[string]string{}
	for name, text := range inUse().texts {
		if rest, in := strings.CutPrefix(name, table+"."); in {
			own[rest] = text
		}
	}
	return own
}

// Or names things of which one is meant, as in "a, b or c".
func Or(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return T("list.or", "names", strings.Join(names[:last], ", "), "last", names[last])
}

// Decimal puts a number with one decimal into words.
func Decimal(number float64) string {
	return strings.Replace(fmt.Sprintf("%.1f", number), ".", T("number.point"), 1)
}
