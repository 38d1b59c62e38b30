package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Input is the way in which a form asks for the value of a setting.
type Input string

const (
	// InputText is one line of text.
	InputText Input = ""
	// InputNumber is one line of text, which is a number if it can be one.
	InputNumber Input = "number"
	// InputSwitch is "true" or "false".
	InputSwitch Input = "switch"
	// InputChoice is one of several texts.
	InputChoice Input = "choice"
	// InputProfile is the name of a profile.
	InputProfile Input = "profile"
	// InputLines is a list, one item a line.
	InputLines Input = "lines"
	// InputNumbers is a list like InputLines, whose items are numbers if they can be.
	InputNumbers Input = "numbers"
	// InputVariables is a list of variables, one a line, as NAME=value. In place of
	// the value that the file has stands [secret.Redacted].
	InputVariables Input = "variables"
	// InputFolders is the list of folders, one path a line, which [AddFolder] and
	// [RemoveFolder] change.
	InputFolders Input = "folders"
)

// typed returns the value that a person means by a text, as TOML has it. It is what
// the setting's reader checks, and can be invalid.
func (s setting[T]) typed(text string) any {
	switch {
	case s.input == InputLines || s.input == InputNumbers:
		if list, is := typedText(strings.TrimSpace(text)).([]any); is {
			return list
		}
		items := []any{}
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" {
				items = append(items, typedItem(line, s.input == InputNumbers))
			}
		}
		return items
	case s.input == InputSwitch && (text == "true" || text == "false"):
		return text == "true"
	default:
		return typedItem(strings.TrimSpace(text), s.input == InputNumber)
	}
}

// typedItem returns the value of one line, which is a number if it can be one and
// numbers are asked for.
func typedItem(text string, numbers bool) any {
	if !numbers {
		return typedText(text)
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole
	}
	if number, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(number) && !math.IsInf(number, 0) {
		return number
	}
	return typedText(text)
}

// typedText returns the value of a text: that of a string or a list in the notation of
// the settings file, which the explanations use, and else the text itself.
func typedText(text string) any {
	if text == "" || !strings.Contains(`"'[`, text[:1]) {
		return text
	}
	x := newIndex([]byte("value = " + text))
	if v := x.root.stated("value"); x.err == nil && len(x.root.table) == 1 && isTyped(v) {
		return v
	}
	return text
}

// isTyped reports whether a value is of the kinds that a person can type: texts and whole
// numbers, and lists of these.
func isTyped(v any) bool {
	switch v := v.(type) {
	case string, int64:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !isTyped(item) })
	default:
		return false
	}
}

// textOf returns the text that a person types for a value, the reverse of
// [setting.typed].
func (s setting[T]) textOf(v any) string {
	items, isList := v.([]any)
	if s.input != InputLines && s.input != InputNumbers || !isList {
		return textOf(v)
	}
	lines := make([]string, len(items))
	for i, item := range items {
		lines[i] = textOf(item)
	}
	return strings.Join(lines, "\n")
}

// textOf returns a value as a text: a string as it is, unless it would be read as
// another value, and anything else in the notation of the settings file.
func textOf(v any) string {
	text, is := v.(string)
	number, isNumber := v.(float64)
	switch {
	case isNumber:
		return strconv.FormatFloat(number, 'f', -1, 64)
	case !is:
		return encode(v)
	case strings.TrimSpace(text) != text, strings.ContainsFunc(text, unicode.IsControl), typedText(text) != any(text):
		return quote(text)
	default:
		return text
	}
}
