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

// Secret is the secret that Jupyter asks for. It prints as "[redacted]" with
// every verb of fmt, in slog and in JSON; Reveal alone gives the secret.
type Secret struct{ secret string }

// New makes a Token of its secret text.
func New(secret string) Secret { return Secret{secret} }

// Reveal returns the secret itself, for the wire, the clipboard, the browser
// and the standard output of a command that asks for it, and nothing else.
func (t Secret) Reveal() string { return t.secret }

// IsZero reports whether there is no token.
func (t Secret) IsZero() bool { return t.secret == "" }

// Sendable reports whether the token can stand in a header, as Colab sends it.
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
