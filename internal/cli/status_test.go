package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"colabtray/internal/config"
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

// TestNewerImageIsTold in a terminal, with the command that takes it, and to programs.
func TestNewerImageIsTold(t *testing.T) {
	s := runtime.Snapshot{State: runtime.Ready, Runtime: "r", NewerImage: "sha256:new"}
	var told bytes.Buffer
	in := &invocation{Program: &Program{Engine: dockerEngine, Stdout: &told}}
	if err := in.printStatus(config.Default(), s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told.String(), "newer image: 'colab-tray update'") {
		t.Errorf("told %q", told.String())
	}
	if text, err := json.Marshal(asJSON(s)); err != nil || !strings.Contains(string(text), `"newerImage":"sha256:new"`) {
		t.Errorf("%s, %v", text, err)
	}
}
