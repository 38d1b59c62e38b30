package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
)

// TestFirstAnswerIsNotHeldUp: a question that hangs keeps nobody from asking
// again.
func TestFirstAnswerIsNotHeldUp(t *testing.T) {
	var asked, hanging atomic.Int32
	jupyter := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			hanging.Add(1)
			defer hanging.Add(-1)
			<-r.Context().Done()
			return
		}
		if hanging.Load() == 0 {
			t.Error("it was asked again only when it had been given up")
		}
	}))
	defer jupyter.Close()
	at, err := url.Parse(jupyter.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(at.Port())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := firstAnswer(t.Context(), port); err != nil {
		t.Fatal(err)
	}
}
