package guide

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// TestElsewhere: of a runtime on another machine the page names that machine, takes paths
// of it as they are, and offers nothing that helps on this computer alone.
func TestElsewhere(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	p := config.Default()
	p.Engine = "ssh://box.invalid"
	r := open(t, p.Engine, p)
	add := func(host string) (answer foldersAnswer) {
		t.Helper()
		w := httptest.NewRecorder()
		r.addFolder(w, httptest.NewRequest(http.MethodPost, "/folders/add?host="+url.QueryEscape(host), nil))
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	if got := add("~/data"); !strings.Contains(got.Wrong, "The runtime is on box.invalid") || len(got.Folders) > 0 {
		t.Errorf("a path of this computer: %+v", got)
	}
	if got := add("/root"); !strings.Contains(got.Question, "home directories of that machine") || len(got.Folders) > 0 {
		t.Errorf("home directories there: %+v", got)
	}
	if got := add("/srv/not/here"); got.Wrong != "" || got.Question != "" || len(got.Folders) != 1 {
		t.Errorf("a folder there: %+v", got)
	}

	s := r.manager.Snapshot()
	s.State, s.Problem = runtime.NoEngine, &problem.Problem{Code: problem.NoEngine, Short: "no answer"}
	now, _ := r.state(s)
	if now.Machine != "box.invalid" || now.Install != nil || slices.ContainsFunc(now.Acts, func(a actButton) bool { return a.Act == string(problem.ActInstall) }) {
		t.Errorf("the state is %+v", now)
	}
}
