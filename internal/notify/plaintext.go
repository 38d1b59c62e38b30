package notify

import (
	"strings"
	"unicode"
)

// plainText replaces all characters of a text that could mean something in a script:
// on macOS beeep puts the text into AppleScript.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\'' {
			return '’'
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,:;!?()/_+-…", r) {
			return r
		}
		return ' '
	}, text)
}
