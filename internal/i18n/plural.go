package i18n

import (
	"fmt"
	"reflect"
	"slices"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// forms are the plural forms of a text, by their category in CLDR
// (https://cldr.unicode.org/index/cldr-spec/plural-rules). In a file of texts
// they are a table such as {one = "1 file", other = "{count} files"}.
type forms map[string]string

// otherForm is the category that every language has.
const otherForm = "other"

// categories are those of CLDR.
var categories = map[plural.Form]string{
	plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: otherForm,
}

// formsIn returns the plural forms that a table of a file is made of, nil where
// the table is something else.
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

// text returns the text of that name: where it has plural forms, the one for the
// value called "count".
func (c *catalogue) text(name string, values []any) (text string, is bool) {
	if text, is := c.texts[name]; is {
		return text, true
	}
	forms, is := c.plurals[name]
	if !is {
		return "", false
	}
	if at := slices.Index(values, any("count")); at >= 0 && at+1 < len(values) {
		if text, is := forms[category(c.language, values[at+1])]; is {
			return text, true
		}
	}
	return forms[otherForm], true
}

// category returns the plural category of a whole number in a language.
func category(of string, count any) string {
	n := reflect.ValueOf(count)
	if !n.CanInt() {
		panic(fmt.Sprintf("words: a %T is no count", count)) // a mistake in this program
	}
	return categories[plural.Cardinal.MatchPlural(language.Make(of), int(n.Int()), 0, 0, 0, 0)]
}
