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

// English is the language of messages that are not translated.
const English = "en"

//go:embed *.toml
var files embed.FS

// catalogues has the catalogue of each language. A catalogue is read when it is first
// used.
type catalogues map[string]func() *catalogue

// loaded has the current catalogues.
var loaded atomic.Pointer[catalogues]

func init() { Load(files) }

// Load replaces the program's messages by those in other files, one file for each
// language. The function that it returns restores the former messages. It is for
// tests.
func Load(files fs.FS) (restore func()) {
	names, err := fs.Glob(files, "*.toml")
	if err != nil {
		panic(err) // the pattern is valid
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

// Languages returns the languages of the messages as ISO 639-1 codes: first English,
// then the others, sorted.
func Languages() []string {
	others := maps.Clone(*loaded.Load())
	delete(others, English)
	return append([]string{English}, slices.Sorted(maps.Keys(others))...)
}

// of returns the catalogue of a language. It panics if there is no such language.
func (all *catalogues) of(language string) *catalogue { return (*all)[language]() }

// catalogue has the messages of a language by their full keys, such as
// "state.status.ready".
type catalogue struct {
	language string
	texts    map[string]string
	plurals  map[string]forms
}

func read(files fs.FS, language string) *catalogue {
	text, err := fs.ReadFile(files, language+".toml")
	if err != nil {
		panic(err) // the file is embedded
	}
	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		panic(language + ".toml: " + err.Error()) // the tests read all files
	}
	c := &catalogue{language, map[string]string{}, map[string]forms{}}
	c.add("", tables)
	return c
}

// add adds the messages of a table and of the tables inside it.
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

// Use sets the language of all messages. If there are no messages in that language,
// it sets English.
func Use(language string) {
	if !slices.Contains(Languages(), language) {
		language = English
	}
	current.Store(loaded.Load().of(language))
}

// Language returns the language in use. It is English before the first call of [Use].
func Language() string { return inUse().language }

func inUse() *catalogue {
	if c := current.Load(); c != nil {
		return c
	}
	return loaded.Load().of(English)
}

// T returns the message with a key in the language in use. The arguments values are
// alternating names and values: T replaces a placeholder such as {port} by the value
// after the name "port". [Line] sanitizes each value, so a value can come from
// outside. If the message has plural forms, the value named "count" selects the
// form. If the language has no such message, T returns the English one.
func T(key string, values ...any) string {
	text, ok := inUse().text(key, values)
	if !ok {
		text, ok = loaded.Load().of(English).text(key, values)
	}
	if !ok {
		return key // the tests check that every key in the code exists
	}
	return fill(text, values)
}

// Has reports whether there is a message with a key, in the language in use or in
// English. It does not find messages with plural forms.
func Has(key string) bool {
	_, has := inUse().texts[key]
	if !has {
		_, has = loaded.Load().of(English).texts[key]
	}
	return has
}

// fill replaces the placeholders of a message. It does not replace placeholders inside
// a value. After a value that ends with a full stop, such as an error from outside,
// it adds no second one.
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

// Table returns the messages of a table in the language in use, by the rest of their
// keys after the table's key. It leaves out messages with plural forms.
func Table(table string) map[string]string {
	messages := map[string]string{}
	for key, text := range inUse().texts {
		if rest, in := strings.CutPrefix(key, table+"."); in {
			messages[rest] = text
		}
	}
	return messages
}

// Or joins names as alternatives, such as "a, b or c".
func Or(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return T("list.or", "names", strings.Join(names[:last], ", "), "last", names[last])
}

// Named puts the name of something before a text about it, such as "torch: stopped".
func Named(name, text string) string { return T("list.named", "name", name, "text", text) }

// Decimal formats a number with one decimal, in the language in use.
func Decimal(number float64) string {
	return strings.Replace(fmt.Sprintf("%.1f", number), ".", T("number.point"), 1)
}
