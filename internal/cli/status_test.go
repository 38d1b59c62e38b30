package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// TestWarnings holds that a warning is told in a terminal, and to programs.
func TestWarnings(t *testing.T) {
	s := runtime.Snapshot{State: runtime.Ready, Warnings: []*problem.Problem{
		{Code: "exposed", Short: "Others can reach it", Hint: "End that.", Command: "docker rm x"},
	}}
	var told bytes.Buffer
	(&invocation{Program: &Program{Engine: dockerEngine, Stderr: &told}}).warn(s)
	if want := "Others can reach it.\nEnd that.\n    docker rm x\n"; told.String() != want {
		t.Errorf("told %q, want %q", told.String(), want)
	}
	text, err := json.Marshal(asJSON(s))
	if err != nil {
		t.Fatal(err)
	}
	want := `"warnings":[{"code":"exposed","short":"Others can reach it","hint":"End that.","command":"docker rm x"}]`
	if !strings.Contains(string(text), want) {
		t.Errorf("%s lacks %s", text, want)
	}
	if text, _ := json.Marshal(asJSON(runtime.Snapshot{})); !strings.Contains(string(text), `"warnings":[]`) {
		t.Errorf("%s has no empty list of warnings", text)
	}
}
