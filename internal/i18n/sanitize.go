package i18n

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// maxForeign is the largest number of characters that [Line] returns.
const maxForeign = 2000

// Line sanitizes a text from outside, so that it can be part of a line of ours. It
// removes terminal escape sequences, invisible characters and characters that change
// the text direction, and replaces line ends by spaces. It cuts the text at 2000
// characters.
func Line(foreign string) string {
	text := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, Lines(foreign))
	count := 0
	for i := range text {
		if count == maxForeign-1 && len(text)-i > len("…") {
			return text[:i] + "…"
		}
		count++
	}
	return text
}

// narrowNoBreakSpace is the space that French has beside punctuation marks. Our own
// messages become parts of others, and of output, so it is not replaced.
const narrowNoBreakSpace = '\u202f'

// Lines sanitizes a text like [Line], but keeps line ends and tabs and does not cut
// the text.
func Lines(foreign string) string {
	text := strings.Map(func(r rune) rune { return r }, foreign) // replaces invalid UTF-8 by "\ufffd"
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = escapes.ReplaceAllString(text, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == narrowNoBreakSpace:
			return r
		case r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.IsGraphic(r) && !unicode.In(r, unseen...):
			return r
		default:
			return -1
		}
	}, text)
}

// FirstUnits returns the beginning of a text that fits into a number of UTF-16 units,
// which Windows counts. It does not break a character in two.
func FirstUnits(text string, most int) string {
	units := 0
	for i, r := range text {
		if units += utf16.RuneLen(r); units > most {
			return text[:i]
		}
	}
	return text
}

// JSON encodes a value as JSON and sanitizes every string in it like [Lines], because
// the program that decodes the JSON may show the strings to a person.
func JSON(value any) ([]byte, error) {
	encoded, err := json.Marshal(value)
	return jsonTexts.ReplaceAllFunc(encoded, func(quoted []byte) []byte {
		var text string
		_ = json.Unmarshal(quoted, &text)
		quoted, _ = json.Marshal(Lines(text)) // a string can always be encoded
		return quoted
	}), err
}

var jsonTexts = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// escapes matches the escape sequences of terminals (ECMA-48): control sequences,
// control strings, such as those that set the title or the clipboard, and other
// escape sequences. ESC and the next character can be one control character.
var escapes = regexp.MustCompile("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]" +
	"|(?:\x1b[\\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\a\x1b\u009c\n]*(?:\a|\x1b\\\\|\u009c)?" +
	"|\x1b[ -/]*[0-~]")

// unseen has graphic characters that are invisible: variation selectors, fillers, and
// the Braille pattern without dots.
var unseen = []*unicode.RangeTable{
	unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
	{R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}},
}
