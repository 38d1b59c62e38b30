package docker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/client"

	"colabtray/internal/engine"
)

// TestRemoveAgain: a container whose files are still read is asked to go until it does.
// The words are those of Docker 20.10.
func TestRemoveAgain(t *testing.T) {
	const reads = `container 1: driver "overlay2" failed to remove root filesystem: unlinkat /var/lib/docker/overlay2/2/merged: directory not empty`
	for name, c := range map[string]struct {
		message string
		fails   int // times
		asked   int
		err     bool
	}{
		"at once":            {reads, 0, 1, false},
		"after a while":      {reads, 3, 4, false},
		"never":              {reads, 1000, removeTries, true},
		"for another reason": {"device or resource busy", 1, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				docker, err := New("unix:///nowhere/docker.sock")
				if err != nil {
					t.Fatal(err)
				}
				defer docker.Close()
				api, err := client.NewClientWithOpts(client.WithVersion("1.41"), client.WithHTTPClient(&http.Client{Transport: answers(func(w http.ResponseWriter) {
					if asked++; asked > c.fails {
						w.WriteHeader(http.StatusNoContent)
						return
					}
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusInternalServerError)
					fmt.Fprintf(w, "{\"message\": %q}", c.message)
				})}))
				if err != nil {
					t.Fatal(err)
				}
				docker.switchTo(api, engine.Info{})
				for _, remove := range []func() error{
					func() error { return docker.Remove(t.Context(), "1") },
					func() error { return docker.RemoveHelper(t.Context(), "1") },
				} {
					asked = 0
					if err := remove(); (err != nil) != c.err || asked != c.asked || err != nil && !strings.Contains(err.Error(), c.message) {
						t.Errorf("asked %d times, it ended with %v", asked, err)
					}
				}
			})
		})
	}
}

// answers is an engine in the place of the network.
type answers func(http.ResponseWriter)

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a(w)
	return w.Result(), nil
}
