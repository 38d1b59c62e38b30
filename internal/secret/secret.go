package secret

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// VariableNames matches the names of environment variables whose values are secret.
var VariableNames = regexp.MustCompile(`(?i)token|secret|passw|key|credential|auth|(http|https|ftp|all)_proxy`)

// tokenValues matches the value after the word token in a URL, an option, JSON or a
// header.
var tokenValues = regexp.MustCompile(`(?i)(token(?:=|%3D|["']?:\s*)["']?|authorization: token )[^\s&"',;]+`)

// Mask replaces every token in a line with "[redacted]": the known tokens wherever they
// occur, and any other value that follows the word token as in a URL, an option, JSON
// or a header.
func Mask(line string, known []Secret) string {
	for _, t := range known {
		if !t.IsZero() {
			line = strings.ReplaceAll(line, t.secret, Redacted)
		}
	}
	return tokenValues.ReplaceAllString(line, "${1}"+Redacted)
}

// MaskCutEnd replaces the beginning of a known token at the end of a line that was cut.
func MaskCutEnd(line string, known []Secret) string {
	start := len(line)
	for _, t := range known {
		for n := min(len(t.secret)-1, len(line)); n > 0; n-- {
			if strings.HasSuffix(line, t.secret[:n]) {
				start = min(start, len(line)-n)
				break
			}
		}
	}
	if start == len(line) {
		return line
	}
	return line[:start] + Redacted
}

// Redacted is printed in place of a secret.
const Redacted = "[redacted]"

// Secret is a text that must not be shown, such as the token that Jupyter asks for. It
// prints as "[redacted]" with every verb of fmt, in slog and in JSON; only Reveal
// returns the text.
type Secret struct{ secret string }

// New makes a Secret of its text.
func New(secret string) Secret { return Secret{secret} }

// Reveal returns the text of the secret. It is meant only for requests to the server,
// the clipboard, the browser, and the standard output of a command that was asked for
// the secret.
func (t Secret) Reveal() string { return t.secret }

// IsZero reports whether the secret is empty.
func (t Secret) IsZero() bool { return t.secret == "" }

// Sendable reports whether the secret can be part of an HTTP header, which is how Colab
// sends a token: every byte must be a printable ASCII character other than a space.
func (t Secret) Sendable() bool {
	return !strings.ContainsFunc(t.secret, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// String implements [fmt.Stringer] without the secret.
func (t Secret) String() string { return Redacted }

// Format implements [fmt.Formatter] without the secret, for every verb.
func (t Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, Redacted) }

// LogValue implements [slog.LogValuer] without the secret.
func (t Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements [encoding.TextMarshaler] without the secret.
func (t Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
