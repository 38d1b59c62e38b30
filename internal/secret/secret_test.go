package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestSecretPrintsRedacted prints a secret in every form, alone and in a struct.
func TestSecretPrintsRedacted(t *testing.T) {
	const text = "s3cret"
	type variable struct{ Value Secret }
	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed = append(printed, fmt.Sprintf(verb, New(text)), fmt.Sprintf(verb, variable{New(text)}), fmt.Sprintf(verb, []variable{{New(text)}}))
	}
	encoded, err := json.Marshal(map[Secret]variable{New(text): {New(text)}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "secret", New(text), "variable", variable{New(text)})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("JSON", "secret", New(text), "variable", variable{New(text)})
	for _, p := range append(printed, string(encoded), log.String(), New(text).String()) {
		if strings.Contains(p, text) || strings.Contains(p, fmt.Sprintf("%x", text)) || !strings.Contains(p, Redacted) {
			t.Errorf("printed as %s", p)
		}
	}
	if New(text).Reveal() != text {
		t.Error("the secret is lost")
	}
}

func TestIs(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{{"abc", "abc", true}, {"abc", "abd", false}, {"abc", "ab", false}, {"abc", "", false}, {"", "", false}} {
		if got := New(test.a).Is(New(test.b)); got != test.want {
			t.Errorf("%q is %q: %t", test.a, test.b, got)
		}
	}
}
