package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
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

// TestWaitingIsTold in a terminal and to programs: for what, since when, and what the
// engine says, of which no line is a line of its own.
func TestWaitingIsTold(t *testing.T) {
	since := time.Date(2026, 11, 25, 18, 30, 0, 0, time.Local)
	s := runtime.Snapshot{
		State: runtime.Waiting, Since: since, Runtime: "r", Engine: engine.Info{Name: "Kubernetes", Machine: "lab"},
		Waiting: engine.Waiting{For: engine.WaitingForGPU, Since: since, Said: "8 Insufficient nvidia.com/gpu\n\x1b[31mready"},
	}
	var told bytes.Buffer
	in := &invocation{Program: &Program{Engine: dockerEngine, Stdout: &told}}
	if err := in.printStatus(config.Default(), s); err != nil {
		t.Fatal(err)
	}
	want := "r: waiting, no GPU free, since 2026-11-25 18:30:00 (on lab)\n"
	if got := told.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 2 || !strings.Contains(got, "Kubernetes says: 8 Insufficient") || strings.Contains(got, "\x1b") {
		t.Errorf("told %q", got)
	}
	var answer struct{ Waiting waitingJSON }
	if text, err := json.Marshal(asJSON(s)); err != nil || json.Unmarshal(text, &answer) != nil || answer.Waiting != (waitingJSON{"gpu", since.UTC().Format(time.RFC3339), s.Waiting.Said}) {
		t.Errorf("%s, %v", text, err)
	}
	if p := notReady(s, config.Default()); p.Short != "The runtime waits until a GPU is free" {
		t.Errorf("there is no Backend URL: %+v", p)
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
