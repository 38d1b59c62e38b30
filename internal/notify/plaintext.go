package notify

import (
	"strings"
	"unicode"
)

// plainText leaves of a text what no script can take for anything else: where
// Windows refuses a toast, beeep puts the text into a PowerShell here-string,
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
