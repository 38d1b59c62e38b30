package notify

import (
	"strings"
	"unicode"
)

// plainText replaces all characters of a text that could mean something in a script:
// where Windows refuses a toast, beeep puts the text into a PowerShell here-string,
// which expands $(...), and on macOS into AppleScript.
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
