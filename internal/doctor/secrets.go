package doctor

import (
	"regexp"
	"slices"
	"strings"

	"colabtray/internal/secret"
)

// redacted takes the place of a secret.
const redacted = secret.Redacted

// Secrets removes secrets from a report: those that were added, and everything that
// looks like a secret.
type Secrets struct {
	known []string
}

// Add adds known secrets. Texts of fewer than 4 bytes are ignored: they would match
// ordinary words of the report.
func (s *Secrets) Add(texts ...string) {
	const shortest = 4
	for _, text := range texts {
		if len(text) >= shortest {
			s.known = append(s.known, text)
		}
	}
	// Longer secrets are replaced first: a secret can be part of a longer one.
	slices.SortFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// secretName matches the names of environment variables with secret values.
var secretName = regexp.MustCompile(`(?i)token|secret|passw|key|credential|auth`)

// AddEnvironment adds the values of an environment, a list of NAME=VALUE, whose names
// suggest a secret. A path, which begins with a slash, is not a secret.
func (s *Secrets) AddEnvironment(pairs []string) {
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if secretName.MatchString(name) && !strings.HasPrefix(value, "/") {
			s.Add(value)
		}
	}
}

// What looks like a secret: what follows a word such as "token", a password in a URL,
// and the formats of tokens of Jupyter, GitHub, Hugging Face, OpenAI and of JSON Web
// Tokens. A digest, which begins with sha256:, looks like a token but is none.
var (
	named  = regexp.MustCompile(`(?i)((?:token|passw(?:or)?d|secret|api[_-]?key|authorization)["']?\s*(?:=|:|%3D)\s*["']?(?:(?:bearer|token|basic)\s+)?)[^\s"'&,;]+`)
	inURL  = regexp.MustCompile(`(://)[^/\s@]+:[^/\s@]*(@)`)
	tokens = regexp.MustCompile(`(?:sha256:)?\b[0-9a-f]{40,}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\bgh[pousr]_\w{20,}|\bhf_\w{20,}|\bsk-[\w-]{20,}`)
)

func (s *Secrets) redact(text string) string {
	for _, known := range s.known {
		text = strings.ReplaceAll(text, known, redacted)
	}
	text = named.ReplaceAllString(text, "${1}"+redacted)
	text = inURL.ReplaceAllString(text, "${1}"+redacted+"${2}")
	return tokens.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "sha256:") {
			return found
		}
		return redacted
	})
}
