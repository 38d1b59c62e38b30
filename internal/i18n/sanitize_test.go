package i18n

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestForeignWords(t *testing.T) {
	for foreign, want := range map[string]struct{ line, lines string }{
		"Grüße 漢字 $(x)":                                     {"Grüße 漢字 $(x)", "Grüße 漢字 $(x)"},
		"one\ntwo\r\nthree\tfour":                           {"one two three four", "one\ntwo\nthree\tfour"},
		"100 %\rdone":                                       {"100 %done", "100 %done"},
		"\x1b[31mred\x1b[0m":                                {"red", "red"},
		"\u009b31mred\u009b0m":                              {"red", "red"},
		"\x1b]0;title\atext":                                {"text", "text"},
		"\x1b]52;c;aGVsbG8=\x1b\\clip":                      {"clip", "clip"},
		"\u009d52;c;aGVsbG8=\u009cclip":                     {"clip", "clip"},
		"\x1bPq#0\x1b\\picture":                             {"picture", "picture"},
		"\x1b]8;;http://bad\nnot the link":                  {" not the link", "\nnot the link"},
		"\x1bc reset \x1b(0":                                {" reset ", " reset "},
		"bell\a back\b null\x00 del\x7f":                    {"bell back null del", "bell back null del"},
		"override \u202e isolate \u2066":                    {"override  isolate ", "override  isolate "},
		"mark\u200e\u200f\u061c":                            {"mark", "mark"},
		"no\u200b\u200c\u200d\u2060\ufeffthing\u00ad":       {"nothing", "nothing"},
		"blank\u3164\u115f\u1160\uffa0\u034f\ufe0f\u2800":   {"blank", "blank"},
		"tag\U000e0041\U000e0100 own\ue000":                 {"tag own", "tag own"},
		"a\u2028b\u2029c\u0085d\vf\f":                       {"a b cdf", "a b cdf"},
		"wide\u00a0and\u3000narrow\u200a":                   {"wide and narrow ", "wide and narrow "},
		"prêt\u202f!":                                       {"prêt\u202f!", "prêt\u202f!"},
		"not " + string([]byte{0xff, 0xc3, '('}) + " UTF-8": {"not \ufffd\ufffd( UTF-8", "not \ufffd\ufffd( UTF-8"},
		string([]byte{0x9b}) + "31m":                        {"\ufffd31m", "\ufffd31m"},
		"":                                                  {"", ""},
	} {
		if got := Line(foreign); got != want.line {
			t.Errorf("%q on a line is %q, want %q", foreign, got, want.line)
		}
		if got := Lines(foreign); got != want.lines {
			t.Errorf("%q is %q, want %q", foreign, got, want.lines)
		}
	}
}

func TestForeignLineIsBounded(t *testing.T) {
	fits := strings.Repeat("ü", maxForeign)
	if got := Line(fits); got != fits {
		t.Errorf("what fits has become %d bytes", len(got))
	}
	got := Line(strings.Repeat("ü\n", 1<<16))
	if n := utf8.RuneCountInString(got); n != maxForeign || !strings.HasSuffix(got, "…") {
		t.Errorf("it has %d characters and ends in %q", n, got[len(got)-4:])
	}
	if all := Lines(strings.Repeat("ü", 3*maxForeign)); len(all) != 6*maxForeign {
		t.Errorf("of what is not for a line there are %d bytes", len(all))
	}
}

// harmful finds what must not reach a person.
func harmful(text string, newline bool) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Bidi_Control) &&
			!(newline && (r == '\n' || r == '\t'))
	})
}

func FuzzForeignWords(f *testing.F) {
	f.Add("\x1b]0;a\x1b[31mb\u202e\r\n\u2028" + string([]byte{0x9b, 0xff}))
	f.Add("\x1b\x1b[[31m31mtwice")
	f.Fuzz(func(t *testing.T, foreign string) {
		line, lines := Line(foreign), Lines(foreign)
		if harmful(line, false) || harmful(lines, true) {
			t.Errorf("%q is %q on a line, and %q", foreign, line, lines)
		}
		if Line(line) != line || Lines(lines) != lines {
			t.Errorf("%q is changed twice", foreign)
		}
		if said := T("problem.noContext", "context", foreign); harmful(said, false) {
			t.Errorf("%q is said as %q", foreign, said)
		}
		encoded, err := JSON(map[string]any{"a" + foreign: []string{foreign}, "n": 1})
		var decoded map[string]any
		if err != nil || json.Unmarshal(encoded, &decoded) != nil || harmful(string(encoded), false) {
			t.Fatalf("%q is encoded as %s, %v", foreign, encoded, err)
		}
		for key, value := range decoded {
			if list, is := value.([]any); is && (harmful(key, true) || len(list) != 1 || list[0] != lines) {
				t.Errorf("%q is decoded as %q: %q, want %q", foreign, key, value, lines)
			}
		}
	})
}

func TestFirstUnits(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé🙂b", 4, "aé🙂"}, {"aé🙂b", 3, "aé"}, {"", 0, ""}, {"a", -1, ""}} {
		if got := FirstUnits(test.text, test.most); got != test.want {
			t.Errorf("%q in %d is %q", test.text, test.most, got)
		}
	}
}
