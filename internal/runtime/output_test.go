package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnnouncement(t *testing.T) {
	for line, want := range map[string]struct {
		token string
		is    bool
	}{
		"        http://127.0.0.1:8888/lab?token=abc123":                                                 {"abc123", true},
		"[I 10:00:00.000 NotebookApp] http://host:8888/?token=abc":                                       {"abc", true},
		"     or http://127.0.0.1:8888/tree?token=a%2Bb":                                                 {"a+b", true},
		"\x1b[32m[I 2026-01-01 ServerApp]\x1b[m http://h:8888/lab?token=t\x1b":                           {"t", true},
		"[I 10:00 ServerApp] http://127.0.0.1:8888/lab?token=...":                                        {"", true},
		"[I 10:00 ServerApp] http://127.0.0.1:8888/lab":                                                  {"", true},
		"[I 10:00 ServerApp] Jupyter Server 2.15.0 is running at:":                                       {"", false},
		"[C 2026-11-26 22:57:32.847 ServerApp] http://h:8888/lab?token=t ":                               {"t", true},
		"http://h:8888/?token=%0d%0aX":                                                                   {"", true},
		"http://h:8888/?token=%C3%A4":                                                                    {"", true},
		"see https://jupyter.org/help?token=nothing":                                                     {"", false},
		"[W 10:00:00 NotebookApp] 403 GET /api/status (172.17.0.1) 1.20ms referer=http://x:1/?token=abc": {"", false},
		"[W 10:00:00 NotebookApp] http://x:1/?token=abc (172.17.0.1)":                                    {"", false},
		"[[I 10:00:00 NotebookApp] http://x:1/?token=abc":                                                {"", false},
		`    "Referer": "http://x:1/?token=abc",`:                                                        {"", false},
		"[W 10:00:00 NotebookApp] http://x:1/?token=abc":                                                 {"", false},
		"http://%zz:1/": {"", true},
		"":              {"", false},
	} {
		token, is := announcement(line)
		if is != want.is || token.Reveal() != want.token {
			t.Errorf("%q: got %q, %v", line, token.Reveal(), is)
		}
	}
}

func TestMasked(t *testing.T) {
	known := []Token{NewToken("s3cret"), {}}
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
		if got := masked(line, known); got != want {
			t.Errorf("%q became\n%q, want\n%q", line, got, want)
		}
	}
}

func TestEachLineBoundsMemory(t *testing.T) {
	var lines []string
	err := eachLine(strings.NewReader("one\r\n\n"+strings.Repeat("x", 3*maxLine)+"\nlast"), func(l string) { lines = append(lines, l) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"one", "", strings.Repeat("x", maxLine), "last"}
	if fmt.Sprint(lines) != fmt.Sprint(want) {
		t.Errorf("got %d lines of lengths differing from what was written", len(lines))
	}
}

// TestSecretsStaySecret prints tokens in every way a careless caller might.
func TestSecretsStaySecret(t *testing.T) {
	token := NewToken("hunter2")
	url := NewBackendURL(8888, token)
	snapshot := Snapshot{State: Ready, URL: url}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "token", token, "url", url, "snapshot", snapshot)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "token", token, "url", url, "snapshot", snapshot)
	encoded, err := json.Marshal(map[string]any{"a": token, "b": url, "c": snapshot, "d": &token})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb+verb+verb, token, url, snapshot))
	}
	for _, text := range texts {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret shows in %s", text)
		}
	}
	if url.Reveal() != "http://localhost:8888/?token=hunter2" {
		t.Errorf("revealed, the URL is %s", url.Reveal())
	}
}

// TestLastWordsWithoutLog: what is not kept is not called silence.
func TestLastWordsWithoutLog(t *testing.T) {
	for driver, want := range map[string]string{"json-file": "It wrote nothing before it ended.", "none": "made with the logging driver none"} {
		p := deathProblem(Container{Name: "mine", ExitCode: 1, LogDriver: driver}, EngineInfo{}, nil, false)
		if !strings.Contains(p.Hint, want) {
			t.Errorf("%s: %s", driver, p.Hint)
		}
	}
}

func TestTokenStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	var log bytes.Buffer
	open := func() *TokenStore { return NewTokenStore(path, slog.New(slog.NewTextHandler(&log, nil))) }
	one, two := NewToken("token-one"), NewToken("token-two")
	for i, step := range []struct {
		runtime string
		token   Token
		want    bool
	}{{"a", one, false}, {"a", one, false}, {"a", two, true}, {"b", one, false}, {"a", two, false}, {"a", one, true}} {
		if got := open().Changed(step.runtime, step.token); got != step.want {
			t.Errorf("step %d: changed is %v", i, got)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte("token-")) {
		t.Errorf("the file is %s (%v)", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, broken := range []string{"", "null", "[1]", "{\"a\": 7}", "\x00"} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			token Token
			want  bool
		}{{one, false}, {one, false}, {two, true}} {
			if got := open().Changed("a", step.token); got != step.want {
				t.Errorf("after the file %q, step %d: changed is %v", broken, i, got)
			}
		}
	}
	if none := (*TokenStore)(nil); none.Changed("a", one) {
		t.Error("no store, but a change")
	}
	if NewTokenStore(filepath.Join(path, "no", "such"), slog.New(slog.NewTextHandler(&log, nil))).Changed("a", one) || log.Len() == 0 {
		t.Error("a store that cannot be written is said in the log")
	}
}
