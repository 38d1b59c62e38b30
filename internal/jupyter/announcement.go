package jupyter

import (
	"net/url"
	"regexp"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// announcedURL is a line in which a server tells where it is, as Jupyter writes
// it: the address alone, after blanks, "or" and what its log puts before all lines.
// An address within a line is somebody else's, a page's in the log of requests say.
var announcedURL = regexp.MustCompile(`^(?:\[[IC] [^\[\]]{1,60}\])?\s*(?:or )?(https?://[^\s/?#]+:\d+/\S*)\s*$`)

// announcement reports whether a line tells where a server listens, and the
// token it gives, which may be missing. Jupyter writes "..." where the token was
// given to it.
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
