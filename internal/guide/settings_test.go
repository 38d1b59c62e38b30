package guide

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"colabtray/internal/config"
)

// TestTwoWritersOfSettings: of two windows that show the same file, the later one is
// told, and shown what the file says now.
func TestTwoWritersOfSettings(t *testing.T) {
	r := withoutEngine(t)
	const before = "# mine\n[profiles.jupyter]\nenv = {A = 'hunter2'}\n"
	if err := os.WriteFile(r.file, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	one, other := newVisitor(t), newVisitor(t)
	origin := one.openSession(r)
	other.openSession(r)
	first := one.settings(origin, "", nil, "")
	second := other.settings(origin, "", nil, "")
	if first.Revision != second.Revision || first.Profile != "jupyter" || first.File != r.file || first.CanUndo {
		t.Errorf("they see %+v and %+v", first, second)
	}

	port := func(seen config.Revision) url.Values {
		return url.Values{"seen": {string(seen)}, "profile": {"jupyter"}, "place": {"profile.port"}}
	}
	if first = one.settings(origin, "/put", port(first.Revision), "1001"); first.Wrong != "" || !first.CanUndo {
		t.Errorf("the first one is told %q", first.Wrong)
	}
	for what, seen := range map[string]config.Revision{"the revision before": second.Revision, "no revision": ""} {
		for _, action := range []string{"/put", "/unset", "/undo", "/add", "/copy", "/rename", "/remove"} {
			values := port(seen)
			values.Set("name", "new")
			body := ""
			if action == "/put" {
				body = "1002"
			}
			told := other.settings(origin, action, values, body)
			if !told.Changed || !strings.Contains(told.Wrong, "changed elsewhere") || told.Revision != first.Revision {
				t.Errorf("%s with %s is told %q", action, what, told.Wrong)
			}
		}
	}
	if text, err := os.ReadFile(r.file); err != nil || string(text) != before+"port = 1001\n" {
		t.Errorf("the file is %q, %v", text, err)
	}
	if second = other.settings(origin, "/undo", port(first.Revision), ""); second.Wrong != "" {
		t.Errorf("with what is there now it is told %q", second.Wrong)
	}
	if text, err := os.ReadFile(r.file); err != nil || string(text) != before {
		t.Errorf("undone the file is %q, %v", text, err)
	}
}

// settings asks for the settings or changes them.
func (v *browserClient) settings(origin, action string, values url.Values, body string) (answer settingsAnswer) {
	v.t.Helper()
	response := v.typed(origin+"/settings"+action+"?"+values.Encode(), body, "Origin", origin, header, "1")
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || strings.Contains(string(text), "hunter2") {
		v.t.Fatalf("%s: the answer is %s %s, %v", action, response.Status, text, err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		v.t.Fatal(err)
	}
	return answer
}

// typed posts a body. The caller closes that of the answer.
func (v *browserClient) typed(url, body string, headers ...string) *http.Response {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), "POST", url, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	return response
}

// TestWhatIsTyped has a body where it is asked for, of what a person can type, from the
// page alone.
func TestWhatIsTyped(t *testing.T) {
	r := withoutEngine(t)
	v := newVisitor(t)
	origin := v.openSession(r)
	at := "?place=profile.env&profile=jupyter&seen=none"
	for _, c := range []struct {
		what, path string
		size, want int
		headers    []string
	}{
		{"a size that nobody types", "/settings/put", maxTyped + 1, http.StatusForbidden, []string{"Origin", origin, header, "1"}},
		{"another place", "/settings/undo", 1, http.StatusForbidden, []string{"Origin", origin, header, "1"}},
		{"another origin", "/settings/put", 3, http.StatusForbidden, []string{"Origin", "https://evil.example", header, "1"}},
		{"without our header", "/settings/put", 3, http.StatusForbidden, []string{"Origin", origin}},
		{"as it should be", "/settings/try", 3, http.StatusOK, []string{"Origin", origin, header, "1"}},
		{"all that can be typed", "/settings/put", maxTyped, http.StatusOK, []string{"Origin", origin, header, "1"}},
	} {
		response := v.typed(origin+c.path+at, ("A=" + strings.Repeat("x", c.size))[:c.size], c.headers...)
		wantStatus(t, c.what, response, c.want)
		response.Body.Close()
	}
	settings, err := config.Load(config.Sources{File: r.file})
	if err != nil || len(settings.Profile.Env) != 1 || len(settings.Profile.Env[0].Value.Reveal()) != maxTyped-2 {
		t.Errorf("the settings are %v, %v", settings.Profile.Env, err)
	}
}
