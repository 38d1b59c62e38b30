package guide

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
)

// TestCompressed: what a browser loads of the page is small, and the same for one that
// takes nothing compressed.
func TestCompressed(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	all := 0
	for _, name := range append(parts(), "") {
		plain, want := guest.ask("GET", origin+"/"+name, "Accept-Encoding", "identity")
		response, got := guest.ask("GET", origin+"/"+name, "Accept-Encoding", "br, gzip")
		if plain.Header.Get("Content-Encoding") != "" || response.Header.Get("Content-Encoding") != "gzip" || response.Header.Get("Vary") != "Accept-Encoding" {
			t.Fatalf("/%s: %v, and asked for compressed %v", name, plain.Header, response.Header)
		}
		unpacked, err := gzip.NewReader(bytes.NewReader([]byte(got)))
		if err != nil {
			t.Fatalf("/%s: %v", name, err)
		}
		if text, err := io.ReadAll(unpacked); err != nil || string(text) != want || want == "" {
			t.Errorf("/%s is %q, and compressed %q (%v)", name, want, text, err)
		}
		all += len(got)
	}
	if all > 55_000 { // the heads take some more
		t.Errorf("the page has %d bytes", all)
	}
}
