package jupyter

import (
	"fmt"
	"log/slog"
	"net/url"

	"colabtray/internal/secret"
)

// BackendURL is what Colab's "Connect to a local runtime" dialog asks for:
// http://localhost:PORT/?token=TOKEN, or with 127.0.0.1 where localhost could
// lead a browser to another program. It prints without its token; Reveal gives
// it whole. The zero value means that there is none.
type BackendURL struct {
	port           int
	token          secret.Secret
	localhostTaken bool // another program listens where localhost can lead to
}

// NewBackendURL makes the Backend URL of a server published at port (1 to
// 65535) of the loopback interface.
func NewBackendURL(port int, token secret.Secret) BackendURL {
	return BackendURL{port: port, token: token}
}

// LocalhostTaken is the URL where another program listens at that port of [::1], where
// browsers look for localhost first: such a URL has 127.0.0.1.
func (u BackendURL) LocalhostTaken(another bool) BackendURL {
	u.localhostTaken = another
	return u
}

// Host returns what the URL calls this computer: "localhost" or "127.0.0.1".
func (u BackendURL) Host() string {
	if u.localhostTaken {
		return "127.0.0.1"
	}
	return "localhost"
}

// Reveal returns the Backend URL with its token; see [Token.Reveal] for who
// may have it. It is empty when there is none.
func (u BackendURL) Reveal() string { return u.RevealPage("/") }

// RevealPage is Reveal for a page of the server, such as "/lab".
func (u BackendURL) RevealPage(path string) string {
	if u.IsZero() {
		return ""
	}
	return fmt.Sprintf("http://%s:%d%s?token=%s", u.Host(), u.port, path, url.QueryEscape(u.token.Reveal()))
}

// Port returns the port on the loopback interface, 0 when there is no URL.
func (u BackendURL) Port() int { return u.port }

// IsLocalhostTaken reports whether another program listens at the port on [::1], so that the
// URL is one of 127.0.0.1.
func (u BackendURL) IsLocalhostTaken() bool { return u.localhostTaken }

// Token returns the token of the URL.
func (u BackendURL) Token() secret.Secret { return u.token }

// IsZero reports whether there is no Backend URL.
func (u BackendURL) IsZero() bool { return u == BackendURL{} }

// String implements [fmt.Stringer] without the token.
func (u BackendURL) String() string {
	if u.IsZero() {
		return ""
	}
	return fmt.Sprintf("http://%s:%d/?token=%s", u.Host(), u.port, secret.Redacted)
}

// Format implements [fmt.Formatter] without the token, for every verb.
func (u BackendURL) Format(f fmt.State, _ rune) { fmt.Fprint(f, u.String()) }

// LogValue implements [slog.LogValuer] without the token.
func (u BackendURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// MarshalText implements [encoding.TextMarshaler] without the token.
func (u BackendURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
