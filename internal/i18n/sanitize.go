package i18n

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
)

// maxForeign is how many characters [Line] leaves of a text.
const maxForeign = 2000

// Line makes a text that can come from anywhere fit to stand on a line among
// ours: nothing in it acts on the terminal, begins a line of its own, changes
// the direction of what stands around it, or cannot be seen. What is very long
// is cut.
func Line(foreign string) string {
	text := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, Lines(foreign))
	shown := 0
	for i := range text {
		if shown == maxForeign-1 && len(text)-i > len("…") {
			return text[:i] + "…"
		}
		shown++
	}
	return text
}

// Lines does the same for a text of any number of lines, of any length, which
// keeps its line ends and tabs.
func Lines(foreign string) string {
	text := strings.Map(func(r rune) rune { return r }, foreign) // and what is no UTF-8 has become "\ufffd"
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = escapes.ReplaceAllString(text, "")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
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

// JSON encodes a value with every text in it as [Lines] has it: what decodes it
// may show it to a person.
func JSON(value any) ([]byte, error) {
	encoded, err := json.Marshal(value)
	return jsonTexts.ReplaceAllFunc(encoded, func(quoted []byte) []byte {
		var text string
		_ = json.Unmarshal(quoted, &text)
		quoted, _ = json.Marshal(Lines(text)) // a text can always be encoded
		return quoted
	}), err
}

var jsonTexts = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// escapes are the terminal's control sequences, with ESC or the control
// character that stands for it and the next: ECMA-48's control sequences, its
// strings, such as those that set a title or the clipboard, and the rest.
var escapes = regexp.MustCompile("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]" +
	"|(?:\x1b[\\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\a\x1b\u009c\n]*(?:\a|\x1b\\\\|\u009c)?" +
	"|\x1b[ -/]*[0-~]")

// unseen are graphic characters that are not to be seen: variation selectors,
// fillers, and the Braille pattern without a dot.
var unseen = []*unicode.RangeTable{
	unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
	{R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}},
}
