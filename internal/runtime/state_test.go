package runtime

import (
	"fmt"
	"strings"
	"testing"
)

// TestVerbs has a row for each state and a column for what can be asked for in it.
func TestVerbs(t *testing.T) {
	const want = `
	            start continue stop restart update connect check logs shell delete data runs
	unknown     .     .        .    .       .      .       .     .    .        .      .    .
	noengine    x     .        .    .       .      .       x     .    .        .      .    .
	absent      x     .        .    .       x      .       x     .    .        .      x    .
	pulling     .     .        x    .       .      .       x     .    .        .      .    .
	waiting     .     .        x    x       .      .       x     .    .        x      x    x
	stopped     x     .        .    .       x      .       x     x    .        x      x    .
	starting    .     .        x    x       .      .       x     x    x        .      .    x
	ready       .     .        x    x       x      x       x     x    x        x      x    x
	unhealthy   .     .        x    x       x      .       x     x    x        x      x    x
	paused      .     x        x    x       x      .       x     x    .        x      x    x
	stopping    .     .        .    .       .      .       x     x    .        .      .    .
	failed      x     .        .    .       x      .       x     x    .        x      x    .`
	verbs := map[string]func(State) bool{
		"start": State.CanStart, "continue": State.CanContinue, "stop": State.CanStop, "restart": State.CanRestart, "update": State.CanUpdate,
		"connect": State.CanConnect, "check": State.CanCheck, "logs": State.CanReadLogs, "shell": State.CanShell,
		"delete": State.CanDelete, "data": State.CanDeleteData, "runs": State.Runs,
	}
	lines := strings.Split(strings.TrimSpace(want), "\n")
	columns := strings.Fields(lines[0])
	if len(lines) != len(States())+1 || len(columns) != len(verbs) {
		t.Fatalf("the table has %d lines and %d columns", len(lines), len(columns))
	}
	for i, s := range States() {
		got := s.String()
		for _, verb := range columns {
			got += fmt.Sprintf(" %s", map[bool]string{true: "x", false: "."}[verbs[verb](s)])
		}
		if want := strings.Join(strings.Fields(lines[i+1]), " "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
