package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestProbesFailAlone: a probe that fails, in any way, does not affect the others.
func TestProbesFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hangingProbe = time.Hour
		began := time.Now()
		r := Make(t.Context(), []Probe{
			{"One", "fine", func(context.Context) (string, error) { return "here\n", nil }},
			{"One", "wrong", func(context.Context) (string, error) { return "half", errors.New("out of order") }},
			{"One", "broken", func(context.Context) (string, error) { var p *Probe; return p.Name, nil }},
			{"Two", "patient", func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }},
			{"Two", "deaf", func(context.Context) (string, error) { time.Sleep(hangingProbe); return "late", nil }},
			{"Two", "lines", func(context.Context) (string, error) { return "a\nb", nil }},
		}, new(Secrets))
		if took := time.Since(began); took > patience {
			t.Errorf("it took %v", took)
		}
		want := "One\n" +
			"  fine:          here\n" +
			"  wrong:         half - out of order\n" +
			"  broken:        - the probe failed: runtime error: invalid memory address or nil pointer dereference\n" +
			"\nTwo\n" +
			"  patient:       - no answer within 5s\n" +
			"  deaf:          - no answer within 5s\n" +
			"  lines:         \n    a\n    b\n"
		if got := r.Text(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		encoded, err := json.Marshal(r)
		if err != nil || !strings.Contains(string(encoded), `{"title":"One","items":[{"name":"fine","value":"here"},{"name":"wrong","value":"half","error":"out of order"}`) {
			t.Errorf("as JSON it is %s (%v)", encoded, err)
		}
		time.Sleep(hangingProbe) // until the probe that ignores its context has ended
	})
}

// TestNoItemHoldsASecret: secrets are masked in the result of a probe and in its error.
func TestNoItemHoldsASecret(t *testing.T) {
	const known, looksLike = "sesame-open", "ghp_0123456789abcdefghij"
	secrets := new(Secrets)
	secrets.Add(known)
	for name, look := range map[string]func(context.Context) (string, error){
		"value": func(context.Context) (string, error) { return known + " and " + looksLike, nil },
		"error": func(context.Context) (string, error) { return "", errors.New(known + " and " + looksLike) },
		"both": func(context.Context) (string, error) {
			return known + " and " + looksLike, errors.New(known + " and " + looksLike)
		},
		"panic": func(context.Context) (string, error) { panic(known + " and " + looksLike) },
		"parted": func(context.Context) (string, error) {
			return "ses\x00ame-open", errors.New("sesame-\x1b[0mopen and " + looksLike)
		},
	} {
		r := Make(t.Context(), []Probe{{"One", name, look}}, secrets)
		encoded, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		text := r.Text() + string(encoded)
		for _, secret := range []string{known, looksLike} {
			if strings.Contains(text, secret) || !strings.Contains(text, redacted) {
				t.Errorf("%s: the report is\n%s", name, text)
			}
		}
	}
}

func TestRedact(t *testing.T) {
	const hex = "0123456789abcdef0123456789abcdef0123456789abcdef"
	s := new(Secrets)
	s.Add("sesame", "sesame-open", "abc")
	s.AddEnvironment([]string{"MY_TOKEN=opensesam3", "EDITOR=vim-of-mine", "XAUTHORITY=/home/jane/.Xauthority", "PASSWORD=", "broken"})
	for text, want := range map[string]string{
		"say sesame-open and sesame":                       "say [redacted] and [redacted]",
		"abc is too short":                                 "abc is too short",
		"it is opensesam3":                                 "it is [redacted]",
		"vim-of-mine and /home/jane/.Xauthority":           "vim-of-mine and /home/jane/.Xauthority",
		"http://localhost:8888/?token=xyz&a=b":             "http://localhost:8888/?token=[redacted]&a=b",
		"?redirect=%2F%3Ftoken%3Dxyz":                      "?redirect=%2F%3Ftoken%3D[redacted]",
		`{"token": "xyz", "port": 8888}`:                   `{"token": "[redacted]", "port": 8888}`,
		"Authorization: token xyz":                         "Authorization: token [redacted]",
		"authorization: Bearer xyz":                        "authorization: Bearer [redacted]",
		"PASSWORD=hunter2 next":                            "PASSWORD=[redacted] next",
		"tcp://jane:hunter2@host:2376":                     "tcp://[redacted]@host:2376",
		"ssh://jane@host and jane@example.com":             "ssh://jane@host and jane@example.com",
		"the token " + hex + ".":                           "the token [redacted].",
		"image@sha256:" + hex:                              "image@sha256:" + hex,
		"eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl":                 "[redacted]",
		"ghp_0123456789abcdefghij hf_abcdefghijklmnopqrst": "[redacted] [redacted]",
		"/home/hunter/token-lover/config.toml":             "/home/hunter/token-lover/config.toml",
	} {
		if got := s.redact(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}
