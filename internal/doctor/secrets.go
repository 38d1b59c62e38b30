package doctor

import (
	"regexp"
	"slices"
	"strings"
)

// redacted stands where a secret would.
const redacted = "[redacted]"

// Secrets are what must not be in a report: those that are known, and what
// looks like one.
type Secrets struct {
	known []string
}

// Add adds secrets that are known. What is shorter than any secret is left
// aside: it would take the words out of the report.
func (s *Secrets) Add(texts ...string) {
	const shortest = 4
	for _, text := range texts {
		if len(text) >= shortest {
			s.known = append(s.known, text)
		}
	}
	// A secret can be part of a longer one.
	slices.SortFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// secretName finds the names of variables whose values are not for others.
var secretName = regexp.MustCompile(`(?i)token|secret|passw|key|credential|auth`)

// AddEnvironment adds the values in an environment whose names say that they
// are secret. Paths are not.
func (s *Secrets) AddEnvironment(pairs []string) {
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if secretName.MatchString(name) && !strings.HasPrefix(value, "/") {
			s.Add(value)
		}
	}
}

// What looks like a secret: what follows a word for one, a password in an
// address, and the forms of tokens of Jupyter, GitHub, Hugging Face, OpenAI and
// of JSON Web Tokens. A digest looks like a token, and is none.
var (
	named  = regexp.MustCompile(`(?i)((?:token|passw(?:or)?d|secret|api[_-]?key|authorization)["']?\s*(?:=|:|%3D)\s*["']?(?:(?:bearer|token|basic)\s+)?)[^\s"'&,;]+`)
	inURL  = regexp.MustCompile(`(://)[^/\s@]+:[^/\s@]*(@)`)
	tokens = regexp.MustCompile(`(?:sha256:)?\b[0-9a-f]{40,}\b|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\bgh[pousr]_\w{20,}|\bhf_\w{20,}|\bsk-[\w-]{20,}`)
)

func (s *Secrets) redact(text string) string {
	for _, secret := range s.known {
		text = strings.ReplaceAll(text, secret, redacted)
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
