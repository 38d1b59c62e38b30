package jupyter

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"colabtray/internal/secret"
)

// TestVersion: a server can say anything.
func TestVersion(t *testing.T) {
	for answer, want := range map[string]string{
		`{"version": "2.14.2"}`:                            "2.14.2",
		`{"version": "\u001b[31m1\u202e\n2"}`:              "1 2",
		`{"version": "` + strings.Repeat("1", 5000) + `"}`: strings.Repeat("1", maxVersion),
		`{"version": 7}`:                                   "",
		`{}`:                                               "",
		`<html>`:                                           "",
		``:                                                 "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		got, _ := Version(t.Context(), NewBackendURL(server.Listener.Addr().(*net.TCPAddr).Port, secret.New("token")))
		if got != want {
			t.Errorf("%.50q: the version is %q", answer, got)
		}
		server.Close()
	}
}
