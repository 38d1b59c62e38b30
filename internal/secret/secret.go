package secret

import (
	"crypto/subtle"
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

// Secret is a text that others must not read: the token of a Jupyter server, or
// the value of a variable that may hold a password. A Secret prints as
// "[redacted]" with every verb of fmt, in slog and in JSON. Only
// [Secret.Reveal] returns the text.
type Secret struct{ secret string }

// New returns the Secret of a text.
func New(secret string) Secret { return Secret{secret} }

// Reveal returns the secret text. It is for requests to Jupyter and the engine,
// the clipboard, the browser and the standard output of a command that asks for
// the secret, and for nothing else.
func (s Secret) Reveal() string { return s.secret }

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.secret == "" }

// Is reports whether another secret is the same, in a time that does not depend on how
// much of it is right. An empty secret is like no other.
func (s Secret) Is(other Secret) bool {
	return !s.IsZero() && subtle.ConstantTimeCompare([]byte(s.secret), []byte(other.secret)) == 1
}

// Sendable reports whether the secret can be part of an HTTP header, which is how Colab
// sends a token: every byte must be a printable ASCII character other than a space.
func (s Secret) Sendable() bool {
	return !strings.ContainsFunc(s.secret, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// String implements [fmt.Stringer] without the secret.
func (s Secret) String() string { return Redacted }

// Format implements [fmt.Formatter] without the secret, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, Redacted) }

// LogValue implements [slog.LogValuer] without the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements [encoding.TextMarshaler] without the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
