package i18n

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence makes a sentence of a text: it begins with a capital letter and ends
// with a full stop.
func Sentence(text string) string {
	text = FullStop(text)
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// Sentences puts texts one after the other, each with its full stop.
func Sentences(texts ...string) string {
	var sentences []string
	for _, text := range texts {
		if text = FullStop(text); text != "" {
			sentences = append(sentences, text)
		}
	}
	return strings.Join(sentences, " ")
}

// FullStop ends a text with a full stop, if there is any text without an end.
func FullStop(text string) string {
	text = strings.TrimSpace(text)
	if end, _ := utf8.DecodeLastRuneInString(text); text == "" || strings.ContainsRune(".!?…", end) {
		return text
	}
	return text + "."
}

// longest is how much of what somebody wrote is said again, in bytes.
const longest = 1000

// Escaped makes what somebody wrote fit between the quotes of a text: what
// could not be seen there is written as Go writes it, and what nobody would read
// to its end is cut.
func Escaped(text string) string {
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}
