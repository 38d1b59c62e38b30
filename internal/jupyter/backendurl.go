package jupyter

import (
	"fmt"
	"log/slog"
	"net/url"

	"colabtray/internal/secret"
)

// BackendURL is the URL that Colab's "Connect to a local runtime" dialog asks for:
// http://localhost:PORT/?token=TOKEN. It has 127.0.0.1 in place of localhost when
// localhost could lead a browser to another program. It prints without its token;
// Reveal returns all of it. The zero value means that there is none.
type BackendURL struct {
	port           int
	token          secret.Secret
	localhostTaken bool // another program listens where localhost can lead to
}

// NewBackendURL makes the Backend URL of a server that is published at a port (1 to
// 65535) of the loopback interface.
func NewBackendURL(port int, token secret.Secret) BackendURL {
	return BackendURL{port: port, token: token}
}

// LocalhostTaken returns the URL with 127.0.0.1 when another program listens at its
// port on [::1], which browsers try first for localhost.
func (u BackendURL) LocalhostTaken(another bool) BackendURL {
	u.localhostTaken = another
	return u
}

// Host returns the host name in the URL: "localhost" or "127.0.0.1".
func (u BackendURL) Host() string {
	if u.localhostTaken {
		return "127.0.0.1"
	}
	return "localhost"
}

// Reveal returns the Backend URL with its token; empty when there is none. See
// [secret.Secret.Reveal] for where it may be used.
func (u BackendURL) Reveal() string { return u.RevealPage("/") }

// RevealPage is Reveal for a page of the server, such as "/lab".
func (u BackendURL) RevealPage(path string) string {
	if u.IsZero() {
		return ""
	}
	return fmt.Sprintf("http://%s:%d%s?token=%s", u.Host(), u.port, path, url.QueryEscape(u.token.Reveal()))
}

// Port returns the port on the loopback interface; 0 when there is no URL.
func (u BackendURL) Port() int { return u.port }

// IsLocalhostTaken reports whether another program listens at the port on [::1], so
// that the URL has 127.0.0.1.
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
