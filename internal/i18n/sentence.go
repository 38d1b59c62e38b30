package i18n

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence returns a text with a capital letter at the start and a full stop at the
// end.
func Sentence(text string) string {
	text = FullStop(text)
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

// Sentences joins texts by spaces, each with a full stop at its end.
func Sentences(texts ...string) string {
	var sentences []string
	for _, text := range texts {
		if text = FullStop(text); text != "" {
			sentences = append(sentences, text)
		}
	}
	return strings.Join(sentences, " ")
}

// FullStop adds a full stop to a text that is not empty and does not end with a
// punctuation mark.
func FullStop(text string) string {
	text = strings.TrimSpace(text)
	if end, _ := utf8.DecodeLastRuneInString(text); text == "" || strings.ContainsRune(".!?…", end) {
		return text
	}
	return text + "."
}

// longest is the length at which [Escaped] cuts a text, in bytes.
const longest = 1000

// Escaped prepares a person's input for quotes in a message. It escapes invisible
// characters and quotes as Go does, and cuts the text at 1000 bytes.
func Escaped(text string) string {
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}
