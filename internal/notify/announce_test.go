package notify

import (
	"fmt"
	"strings"
	"testing"

	"colabtray/internal/runtime"
)

const token = "0123456789abcdef"

// in returns a snapshot of a state as the runtime makes it.
func in(state runtime.State) runtime.Snapshot {
	s := runtime.Snapshot{Rev: 7, State: state}
	switch state {
	case runtime.Ready:
		s.URL = runtime.NewBackendURL(8888, runtime.NewToken(token))
	case runtime.NoEngine:
		s.Problem = &runtime.Problem{Code: runtime.CodeNoEngine, Short: "Docker does not answer", Hint: "Nothing answers."}
	case runtime.Unhealthy:
		s.Problem = &runtime.Problem{Code: runtime.CodeNoAnswer, Short: "Jupyter does not answer", Hint: "The container runs."}
	case runtime.Failed:
		s.Problem = &runtime.Problem{Code: runtime.CodeExited, Short: "The runtime ended by itself (exit code 1)", Hint: "Its last output:\n" + token}
	}
	return s
}

// TestAnnounceEveryPair has a row for each state before and a column for each
// after: r is ready, u the Backend URL, f failed, s stopped unexpectedly. What
// is ready after has another Backend URL in the second table.
func TestAnnounceEveryPair(t *testing.T) {
	const same = `
	            unknown noengine absent pulling stopped starting ready unhealthy stopping failed
	first       .       .        .      .       .       .        .     .         .        .
	unknown     .       .        .      .       .       .        .     .         .        .
	noengine    .       .        .      .       .       .        .     .         .        .
	absent      .       .        .      .       .       .        r     f         .        f
	pulling     .       .        .      .       .       .        r     f         .        f
	stopped     .       .        .      .       .       .        r     f         .        f
	starting    .       .        .      .       .       .        r     f         .        f
	ready       .       .        .      .       .       .        .     f         .        s
	unhealthy   .       .        .      .       .       .        r     .         .        f
	stopping    .       .        .      .       .       .        r     f         .        f
	failed      .       .        .      .       .       .        r     f         .        .`
	changed := strings.NewReplacer(
		"first       .       .        .      .       .       .        .", "first       .       .        .      .       .       .        u",
		"unknown     .       .        .      .       .       .        .", "unknown     .       .        .      .       .       .        u",
		"noengine    .       .        .      .       .       .        .", "noengine    .       .        .      .       .       .        u",
		"ready       .       .        .      .       .       .        .", "ready       .       .        .      .       .       .        u",
		" r ", " R ",
	).Replace(same)

	for name, table := range map[string]string{"same": same, "changed": changed} {
		lines := strings.Split(strings.TrimSpace(table), "\n")
		columns := strings.Fields(lines[0])
		if len(lines) != len(runtime.States())+2 || len(columns) != len(runtime.States()) {
			t.Fatalf("the table has %d lines and %d columns", len(lines), len(columns))
		}
		for i, line := range lines[1:] {
			cells := strings.Fields(line)
			before := runtime.Snapshot{}
			if i > 0 {
				before = in(runtime.States()[i-1])
			}
			if i > 0 && cells[0] != before.State.String() {
				t.Fatalf("row %d is %s", i, cells[0])
			}
			for j, state := range runtime.States() {
				after := in(state)
				after.Rev = before.Rev + 1
				if state == runtime.Ready && name == "changed" {
					after.URL, after.URLChanged = runtime.NewBackendURL(8888, runtime.NewToken("another")), true
				}
				got := Announce(before, after)
				if code(got) != cells[j+1] {
					t.Errorf("%s: from %s to %s: got %q (%+v), want %q", name, cells[0], columns[j], code(got), got, cells[j+1])
				}
				if text := fmt.Sprintf("%+v", got); strings.Contains(text, token) || strings.Contains(text, "another") {
					t.Errorf("%s: from %s to %s: the token is in %s", name, cells[0], columns[j], text)
				}
			}
		}
	}
}

func code(announcements []Announcement) string {
	var codes strings.Builder
	for _, a := range announcements {
		switch {
		case a.Kind == KindReady && strings.Contains(a.Title, "new Backend URL"):
			codes.WriteString("R")
		default:
			codes.WriteString(string(a.Kind)[:1])
		}
	}
	if codes.Len() == 0 {
		return "."
	}
	return codes.String()
}

// TestAnnounceStories follows what happens to a runtime, and says what is
// announced on the way.
func TestAnnounceStories(t *testing.T) {
	other := in(runtime.Ready)
	other.URL, other.URLChanged = runtime.NewBackendURL(8888, runtime.NewToken("another")), true
	stopFailed := in(runtime.Ready)
	stopFailed.Problem = &runtime.Problem{Code: runtime.CodeEngineFailed, Short: "Docker could not do it", Hint: "permission denied"}
	otherProblem := in(runtime.Failed)
	otherProblem.Problem = &runtime.Problem{Code: runtime.CodePortInUse, Short: "Port 8888 is in use", Hint: "End that program."}

	const unknown, noEngine, stopped, starting, ready = runtime.Unknown, runtime.NoEngine, runtime.Stopped, runtime.Starting, runtime.Ready
	for _, story := range []struct {
		name      string
		snapshots []runtime.Snapshot
		want      string
	}{
		{"first start", []runtime.Snapshot{in(unknown), in(runtime.Absent), in(runtime.Pulling), in(starting), in(ready)}, "r"},
		{"program starts beside a ready runtime", []runtime.Snapshot{in(unknown), in(ready)}, ""},
		{"the token changed meanwhile", []runtime.Snapshot{in(unknown), other}, "u"},
		{"restart", []runtime.Snapshot{in(ready), in(starting), other}, "R"},
		{"restart, seen late", []runtime.Snapshot{in(ready), other, other}, "u"},
		{"engine lost and back", []runtime.Snapshot{in(ready), in(noEngine), in(unknown), in(ready)}, ""},
		{"engine lost and back, the mark of the change gone", []runtime.Snapshot{other, in(noEngine), in(ready)}, "u"},
		{"stop asked for", []runtime.Snapshot{in(ready), in(runtime.Stopping), in(stopped)}, ""},
		{"stopped in a terminal", []runtime.Snapshot{in(ready), in(stopped)}, ""},
		{"a stop that failed", []runtime.Snapshot{in(ready), in(runtime.Stopping), stopFailed, stopFailed}, "f"},
		{"dies, and dies again", []runtime.Snapshot{in(ready), in(runtime.Failed), in(starting), in(runtime.Failed)}, "sf"},
		{"another problem", []runtime.Snapshot{in(runtime.Failed), otherProblem}, "f"},
		{"slow, then ready", []runtime.Snapshot{in(starting), in(runtime.Unhealthy), in(runtime.Unhealthy), in(ready)}, "fr"},
	} {
		var got strings.Builder
		var before runtime.Snapshot
		for i, after := range story.snapshots {
			after.Rev = uint64(i + 1)
			if announced := code(Announce(before, after)); announced != "." {
				got.WriteString(announced)
			}
			before = after
		}
		if got.String() != story.want {
			t.Errorf("%s: announced %q, want %q", story.name, got.String(), story.want)
		}
	}
}

func TestAnnounceProblem(t *testing.T) {
	starting, failed := in(runtime.Starting), in(runtime.Failed)
	failed.Problem = &runtime.Problem{Short: "Port 8888 is in use by nginx", Hint: "End that program.\nOr another port."}
	want := Announcement{KindFailed, "Port 8888 is in use by nginx", "End that program.", Normal}
	if got := Announce(starting, failed); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}

	failed = in(runtime.Failed)
	want = Announcement{KindStopped, "The runtime ended by itself (exit code 1)", "Show logs in the menu has its last output.", Critical}
	if got := Announce(in(runtime.Ready), failed); len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}
}

func TestHarmless(t *testing.T) {
	const text = "Can't pull \"a\"; $(calc) `calc` <b> & ]]> \"@\n100 % of $HOME"
	got := harmless(text)
	if strings.ContainsAny(got, "$`\"'<>&]@\n%\\") {
		t.Errorf("%q still has what a script takes for something else", got)
	}
	if !strings.HasPrefix(got, "Can’t pull") || harmless("Port 8888 is in use.") != "Port 8888 is in use." {
		t.Errorf("%q is not readable any more", got)
	}
}
