package i18n

import (
	"fmt"
	"reflect"
	"slices"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// forms are the plural forms of a message, by their category in CLDR
// (https://cldr.unicode.org/index/cldr-spec/plural-rules). In the file of a language
// they are a table such as {one = "1 file", other = "{count} files"}.
type forms map[string]string

// otherForm is the category of plural forms that every language has.
const otherForm = "other"

// categories has the names of CLDR's categories.
var categories = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: otherForm,
}

// formsIn returns the plural forms in a table of a file, nil if the table is not one of
// plural forms.
func formsIn(table map[string]any) forms {
	found := forms{}
	for category, text := range table {
		text, is := text.(string)
		if !is || !isCategory(category) {
			return nil
		}
		found[category] = text
	}
	if found[otherForm] == "" {
		return nil
	}
	return found
}

func isCategory(name string) bool {
	for _, category := range categories {
		if category == name {
			return true
		}
	}
	return false
}

// text returns the message with a key. If the message has plural forms, it is the form
// for the value named "count".
func (c *catalogue) text(key string, values []any) (text string, is bool) {
	if text, is := c.texts[key]; is {
		return text, true
	}
	forms, is := c.plurals[key]
	if !is {
		return "", false
	}
	if i := slices.Index(values, any("count")); i >= 0 && i+1 < len(values) {
		if text, is := forms[category(c.language, values[i+1])]; is {
			return text, true
		}
	}
	return forms[otherForm], true
}

// category returns the plural category of an integer in a language. It panics if count
// is not an integer.
func category(of string, count any) string {
	n := reflect.ValueOf(count)
	if !n.CanInt() {
		panic(fmt.Sprintf("i18n: a %T is no count", count))
	}
	return categories[plural.Cardinal.MatchPlural(language.Make(of), int(n.Int()), 0, 0, 0, 0)]
}
