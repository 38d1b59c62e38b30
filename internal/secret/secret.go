package secret

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

// SecretName finds the names of variables whose values are not for others.
var SecretName = regexp.MustCompile(`(?i)token|secret|passw|key|credential|auth|(http|https|ftp|all)_proxy`)

// secrets finds what follows the word token in a URL, an option or a header.
var secrets = regexp.MustCompile(`(?i)(token(?:=|%3D|["']?:\s*)["']?|authorization: token )[^\s&"',;]+`)

// Masked replaces every token in a line, known ones wherever they stand.
func Masked(line string, known []Token) string {
	for _, t := range known {
		if t.Reveal() != "" {
			line = strings.ReplaceAll(line, t.Reveal(), Redacted)
		}
	}
	return secrets.ReplaceAllString(line, "${1}"+Redacted)
}

// Redacted stands where a secret would.
const Redacted = "[redacted]"

// Token is the secret that Jupyter asks for. It prints as "[redacted]" with
// every verb of fmt, in slog and in JSON; Reveal alone gives the secret.
type Token struct{ secret string }

// NewToken makes a Token of its secret text.
func NewToken(secret string) Token { return Token{secret} }

// Reveal returns the secret itself, for the wire, the clipboard, the browser
// and the standard output of a command that asks for it, and nothing else.
func (t Token) Reveal() string { return t.secret }

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.secret == "" }

// Sendable reports whether the token can stand in a header, as Colab sends it.
func (t Token) Sendable() bool {
	return !strings.ContainsFunc(t.secret, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// String implements [fmt.Stringer] without the secret.
func (t Token) String() string { return Redacted }

// Format implements [fmt.Formatter] without the secret, for every verb.
func (t Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, Redacted) }

// LogValue implements [slog.LogValuer] without the secret.
func (t Token) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText implements [encoding.TextMarshaler] without the secret.
func (t Token) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
