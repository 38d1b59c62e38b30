package secret

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// VariableNames finds the names of variables whose values are not for others.
var VariableNames = regexp.MustCompile(`(?i)token|secret|passw|key|credential|auth|(http|https|ftp|all)_proxy`)

// secrets finds what follows the word token in a URL, an option or a header.
var secrets = regexp.MustCompile(`(?i)(token(?:=|%3D|["']?:\s*)["']?|authorization: token )[^\s&"',;]+`)

// Mask replaces every token in a line, known ones wherever they stand.
func Mask(line string, known []Secret) string {
	for _, t := range known {
		if t.Reveal() != "" {
			line = strings.ReplaceAll(line, t.Reveal(), Redacted)
		}
	}
	return secrets.ReplaceAllString(line, "${1}"+Redacted)
}

// Redacted stands where a secret would.
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

// Sendable reports whether the secret can be a header's value, as Colab sends a
// token.
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
