package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile is what an engine says that means to deceive who reads it: it acts on
// the terminal, hides, turns and forges lines.
const hostile = "a\x1b[2J\x1b]52;c;aGk=\ab\u009b31mc\u202ed\u2066e\u200bf\rg\x7fh\u2028i\u0085j\xff\nforged line\r\nforged line"

// hostileEngine listens as an engine that has a container of every name, which
// has ended, and fails in all else; it returns its address.
func hostileEngine(t *testing.T) string {
	t.Helper()
	answer := func(w http.ResponseWriter, status int, value any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("/{v}/version", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{"Version": hostile, "ApiVersion": "1.41", "Arch": hostile})
	})
	mux.HandleFunc("/{v}/events", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/{v}/containers/{name}/json", func(w http.ResponseWriter, r *http.Request) {
		answer(w, 200, map[string]any{
			"Id": "0123456789abcdef", "Name": "/" + hostile, "Image": hostile,
			"State":      map[string]any{"Status": "exited", "ExitCode": 1, "StartedAt": "2024-01-01T00:00:00Z", "FinishedAt": "2024-01-01T00:00:01Z"},
			"Config":     map[string]any{"Image": hostile, "Tty": true, "User": hostile, "Labels": map[string]string{"dev.colabtray.runtime": hostile}},
			"HostConfig": map[string]any{"NetworkMode": hostile},
			"Mounts":     []any{map[string]any{"Type": "volume", "Name": hostile, "Source": hostile, "Destination": hostile}},
		})
	})
	mux.HandleFunc("/{v}/containers/{name}/logs", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "output %s\n", strings.NewReplacer("\n", "", "forged line", "").Replace(hostile))
	})
	mux.HandleFunc("/{v}/containers/json", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, []any{map[string]any{
			"Id": "fedcba9876543210", "Names": []string{"/" + hostile},
			"Ports": []any{map[string]any{"PublicPort": 8888, "PrivatePort": 8888, "Type": "tcp"}},
		}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { answer(w, 500, map[string]string{"message": hostile}) })
	socket := filepath.Join(t.TempDir(), "e.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return "unix://" + socket
}

// TestHostileWords: whatever command it is, what an engine says reaches nobody
// as it is: not in a text, and not in what JSON holds.
func TestHostileWords(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("DOCKER_HOST", hostileEngine(t))
	for _, command := range []string{
		"status", "status --json", "url --json", "logs --json", "stop --json", "start --json", "config show --json", "version --json", "status --all", "status --all --json", "start", "start --no-gpu", "restart", "restart --settings", "stop", "update", "url", "logs",
		"check", "check --json", "doctor", "doctor --json", "backup " + filepath.Join(t.TempDir(), "b"), "delete --yes", "delete --data --yes", "-v status",
		"config\x1b[2J", "--name a\x1b[2J\nforged status", "--profile \u202e\nforged status", "--image \x1b]0;\n status", "--port \x1b status", "logs --tail \u009b2J",
		"restore /no\x1b[2J\nforged", "backup /no/\u202eno",
	} {
		var out, errs bytes.Buffer
		p := &Program{Engine: dockerEngine, Version: "test", Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, LookupEnv: func(string) (string, bool) { return "", false }}
		code := p.Run(t.Context(), strings.Split(command, " "))
		if out.Len()+errs.Len() == 0 {
			t.Errorf("%q says nothing, and ends with %d", command, code)
		}
		for _, text := range []string{out.String(), errs.String()} {
			if wrong := findDeceptive(text); wrong != "" {
				t.Errorf("%q prints %s:\n%q", command, wrong, text)
			}
		}
		if strings.Contains(command, "--json") {
			var decoded any
			if err := json.Unmarshal(out.Bytes(), &decoded); err != nil {
				t.Errorf("%q prints no JSON: %v: %s", command, err, out.String())
			}
			eachText(decoded, func(text string) {
				if wrong := findDeceptive(text); wrong != "" && wrong != "a forged line" {
					t.Errorf("%q has %s in its JSON: %q", command, wrong, text)
				}
			})
		}
	}
}

// findDeceptive tells what in a text must not reach a person.
func findDeceptive(text string) string {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "forged") {
			return "a forged line"
		}
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return fmt.Sprintf("%U", r)
		}
	}
	if !utf8.ValidString(text) {
		return "what is no UTF-8"
	}
	return ""
}

// eachText calls f for every text in what was decoded of JSON.
func eachText(value any, f func(string)) {
	switch value := value.(type) {
	case string:
		f(value)
	case []any:
		for _, v := range value {
			eachText(v, f)
		}
	case map[string]any:
		for k, v := range value {
			f(k)
			eachText(v, f)
		}
	}
}
