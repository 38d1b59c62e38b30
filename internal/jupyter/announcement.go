package jupyter

import (
	"net/url"
	"regexp"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// announcedURL matches a line in which Jupyter announces its URL: the URL alone, after
// blanks, "or" and the prefix of its log. A URL elsewhere in a line can come from
// anybody, as from a page in the log of requests.
var announcedURL = regexp.MustCompile(`^(?:\[[IC] [^\[\]]{1,60}\])?\s*(?:or )?(https?://[^\s/?#]+:\d+/\S*)\s*$`)

// announcement reports whether a line announces a server's URL, and returns the token
// in it, which may be empty. Jupyter writes "..." for a token from its configuration.
func announcement(line string) (secret.Secret, bool) {
	found := announcedURL.FindStringSubmatch(i18n.Lines(line))
	if found == nil {
		return secret.Secret{}, false
	}
	u, err := url.Parse(found[1])
	if err != nil {
		return secret.Secret{}, true
	}
	token := secret.New(u.Query().Get("token"))
	if token.Reveal() == "..." || !token.Sendable() {
		token = secret.Secret{}
	}
	return token, true
}
