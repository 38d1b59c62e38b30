package secret

import "testing"

func TestMasked(t *testing.T) {
	known := []Secret{New("s3cret"), {}}
	for line, want := range map[string]string{
		"http://h:8888/?token=abc&x=1":                   "http://h:8888/?token=[redacted]&x=1",
		"a s3cret stands here":                           "a [redacted] stands here",
		"http://h:8888/?token=s3cret":                    "http://h:8888/?token=[redacted]",
		"--IdentityProvider.token='abc'":                 "--IdentityProvider.token='[redacted]'",
		`{"token": "abc", "port": 1}`:                    `{"token": "[redacted]", "port": 1}`,
		"Authorization: token abcdef":                    "Authorization: token [redacted]",
		"GET /login?next=%2Fapi%3Ftoken%3Dabc HTTP":      "GET /login?next=%2Fapi%3Ftoken%3D[redacted] HTTP",
		"copy and paste one of these URLs with a token:": "copy and paste one of these URLs with a token:",
		"nothing to hide":                                "nothing to hide",
	} {
		if got := Mask(line, known); got != want {
			t.Errorf("%q became\n%q, want\n%q", line, got, want)
		}
	}
}

func TestMaskCutEnd(t *testing.T) {
	known := []Secret{New("s3cret"), New("a s3c"), {}}
	for line, want := range map[string]string{
		"nothing":         "nothing",
		"the token s3cre": "the token [redacted]",
		"the token s":     "the token [redacted]",
		"with a s3":       "with [redacted]", // the longest beginning
		"s3 in the midst": "s3 in the midst",
		"s3":              "[redacted]",
		"":                "",
	} {
		if got := MaskCutEnd(line, known); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
}
