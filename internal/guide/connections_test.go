package guide

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// dial opens a connection to the guide, on which nothing is said yet.
func dial(t *testing.T, origin string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(longEnough)); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBodiesAreNotWaitedFor announces bodies that never come: nothing here takes
// one.
func TestBodiesAreNotWaitedFor(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	for _, length := range []string{"Content-Length: 1", "Content-Length: 1000000000", "Transfer-Encoding: chunked"} {
		for who, secret := range map[string]string{"another user": "wrong", "the page": guest.secret} {
			c := dial(t, origin)
			fmt.Fprintf(c, "POST /report HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\n%s: 1\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n",
				strings.TrimPrefix(origin, "http://"), origin, header, secret, length)
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatalf("%s, %s: %v", who, length, err)
			}
			wantStatus(t, who+", "+length, response, http.StatusForbidden)
			if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%s, %s: the connection is not closed: %v", who, length, err)
			}
		}
	}
}

// TestCrowd holds that nobody is kept out by those who come and say nothing.
func TestCrowd(t *testing.T) {
	r := withoutEngine(t)
	url, origin := r.address()
	silent := make([]net.Conn, 2*maxPending)
	for i := range silent {
		silent[i] = dial(t, origin)
		if i%2 == 0 {
			fmt.Fprint(silent[i], "GET / HTTP/1.1\r\nHost: ")
		}
	}
	for i, c := range silent[:maxPending] {
		if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
			t.Fatalf("of %d that wait, number %d: %v", len(silent), i, err)
		}
	}
	guest := newVisitor(t)
	wantStatus(t, "the key", guest.enter(url), http.StatusOK)
	live, err := guest.client.Get(origin + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	told, end := iter.Pull(events(live.Body))
	defer end()
	told()
	for range 2 * maxPending {
		dial(t, origin)
	}
	response, _ := guest.ask("GET", origin+"/")
	wantStatus(t, "the page", response, http.StatusOK)
	r.publish(nil)
	if _, more := told(); !more {
		t.Error("the page that was open is sent away")
	}
}
