// Package words owns all texts for people, in each language there is: one file
// per language, en.toml and de.toml, with a name for each text. A translation is
// a copy of en.toml with other texts. It also makes the words of others harmless
// that are to reach a person: [Line], [Lines], [JSON].
//
// It does not own when a text is said, nor the texts that are no person's own:
// the program's log, errors that only code looks at, and the report of the
// doctor, which is read by whoever is asked for help. It knows no other room.
package words

import (
	"embed"
	"fmt"
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

// Languages are those there are texts in, as ISO 639-1 has them.
func Languages() []string { return []string{English, "de"} }

// catalogue has the texts of a language by their full names, such as
// "state.status.ready".
type catalogue struct {
	language string
	texts    map[string]string
}

// catalogues are read when they are first wanted.
var catalogues = func() map[string]func() *catalogue {
	all := map[string]func() *catalogue{}
	for _, language := range Languages() {
		all[language] = sync.OnceValue(func() *catalogue { return read(language) })
	}
	return all
}()

func read(language string) *catalogue {
	text, err := files.ReadFile(language + ".toml")
	if err != nil {
		panic(err) // it is embedded, or the program would not have been built
	}
	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		panic(language + ".toml: " + err.Error()) // the tests read them all
	}
	c := &catalogue{language, map[string]string{}}
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
	current.Store(catalogues[language]())
}

// Language returns the language in use, which is English before [Use].
func Language() string { return inUse().language }

func inUse() *catalogue {
	if c := current.Load(); c != nil {
		return c
	}
	return catalogues[English]()
}

// Say returns the text of that name in the language in use. What it has in
// braces, such as {port}, is replaced by the value that follows this name in
// values, which are names and values in turn; a value can come from anywhere, and
// is made fit by [Line]. A text that the language does not have is said in English.
func Say(name string, values ...any) string {
	text, ok := inUse().texts[name]
	if !ok {
		text, ok = catalogues[English]().texts[name]
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
		_, has = catalogues[English]().texts[name]
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

// Of returns the texts whose names begin with that of a table, by what follows
// it, in the language in use.
func Of(table string) map[string]string {
	own := map[string]string{}
	for name, text := range inUse().texts {
		if rest, in := strings.CutPrefix(name, table+"."); in {
			own[rest] = text
		}
	}
	return own
}

// Decimal puts a number with one decimal into words.
func Decimal(number float64) string {
	return strings.Replace(fmt.Sprintf("%.1f", number), ".", Say("number.point"), 1)
}
