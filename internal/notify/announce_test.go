package notify

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
)

const token = "0123456789abcdef"

// in returns a snapshot of a state as the manager publishes it.
func in(state runtime.State) runtime.Snapshot {
	s := runtime.Snapshot{Rev: 7, State: state}
	switch state {
	case runtime.Ready:
		s.URL = jupyter.NewBackendURL(8888, secret.New(token))
	case runtime.NoEngine:
		s.Problem = &problem.Problem{Code: problem.NoEngine, Short: "Docker does not answer", Hint: "Nothing answers."}
	case runtime.Unhealthy:
		s.Problem = &problem.Problem{Code: problem.NoAnswer, Short: "Jupyter does not answer", Hint: "The container runs."}
	case runtime.Paused:
		s.Problem = &problem.Problem{Code: problem.Paused, Short: "The runtime is paused", Hint: "Let it go on.", Command: "colab-tray start"}
	case runtime.Failed:
		s.Problem = &problem.Problem{Code: problem.Exited, Short: "The runtime ended by itself (exit code 1)", Hint: "Its last output:\n" + token}
	}
	return s
}

// TestAnnounceEveryPair has a row for each state before and a column for each state
// after: r is ready, u the Backend URL, f failed, s stopped unexpectedly. In the second
// table, the state after has another Backend URL.
func TestAnnounceEveryPair(t *testing.T) {
	const same = `
	            unknown noengine absent pulling waiting stopped starting ready unhealthy paused stopping failed
	first       .       .        .      .       .       .       .        .     .         .      .        .
	unknown     .       .        .      .       .       .       .        .     .         .      .        .
	noengine    .       .        .      .       .       .       .        .     .         .      .        .
	absent      .       .        .      .       .       .       .        r     f         f      .        f
	pulling     .       .        .      .       .       .       .        r     f         f      .        f
	waiting     .       .        .      .       .       .       .        r     f         f      .        f
	stopped     .       .        .      .       .       .       .        r     f         f      .        f
	starting    .       .        .      .       .       .       .        r     f         f      .        f
	ready       .       .        .      .       .       .       .        .     f         f      .        s
	unhealthy   .       .        .      .       .       .       .        r     .         f      .        s
	paused      .       .        .      .       .       .       .        r     f         .      .        s
	stopping    .       .        .      .       .       .       .        r     f         f      .        f
	failed      .       .        .      .       .       .       .        r     f         f      .        .`
	changed := strings.NewReplacer(
		"first       .       .        .      .       .       .       .        .", "first       .       .        .      .       .       .       .        u",
		"unknown     .       .        .      .       .       .       .        .", "unknown     .       .        .      .       .       .       .        u",
		"noengine    .       .        .      .       .       .       .        .", "noengine    .       .        .      .       .       .       .        u",
		"ready       .       .        .      .       .       .       .        .", "ready       .       .        .      .       .       .       .        u",
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
					after.URL, after.URLChanged = jupyter.NewBackendURL(8888, secret.New("another")), true
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

// TestAnnounceStories passes sequences of snapshots, and lists the announcements of
// each step.
func TestAnnounceStories(t *testing.T) {
	other := in(runtime.Ready)
	other.URL, other.URLChanged = jupyter.NewBackendURL(8888, secret.New("another")), true
	stopFailed := in(runtime.Ready)
	stopFailed.Problem = &problem.Problem{Code: problem.EngineFailed, Short: "Docker could not do it", Hint: "permission denied"}
	otherProblem := in(runtime.Failed)
	otherProblem.Problem = &problem.Problem{Code: problem.PortInUse, Short: "Port 8888 is in use", Hint: "End that program."}

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
		{"restart, paused and unpaused", []runtime.Snapshot{in(ready), in(starting), other, in(runtime.Paused), other}, "Rfr"},
		{"restart while paused", []runtime.Snapshot{in(ready), in(runtime.Paused), in(starting), other}, "fR"},
		{"restart, a stop is given up", []runtime.Snapshot{in(starting), other, in(runtime.Stopping), other}, "Rr"},
		{"slow, then ready", []runtime.Snapshot{in(starting), in(runtime.Unhealthy), in(runtime.Unhealthy), in(ready)}, "fr"},
	} {
		var got strings.Builder
		var before runtime.Snapshot
		told := lastURLs{}
		for i, after := range story.snapshots {
			after.Rev = uint64(i + 1)
			if announced := code(Announce(before, told.withoutKnownURL(after))); announced != "." {
				got.WriteString(announced)
			}
			before = after
		}
		if got.String() != story.want {
			t.Errorf("%s: announced %q, want %q", story.name, got.String(), story.want)
		}
	}
}

// TestAnnounceWaited: a runtime that had to wait is announced as that, once it can be used.
func TestAnnounceWaited(t *testing.T) {
	since := time.Date(2026, 5, 1, 9, 5, 0, 0, time.Local)
	for what, title := range map[engine.WaitingFor]string{
		engine.WaitingForGPU: "It has a GPU, and is ready", engine.WaitingForRoom: "There is room for it, and it is ready",
		engine.WaitingForVolume: "The runtime is ready",
	} {
		waiting, starting, ready := in(runtime.Waiting), in(runtime.Starting), in(runtime.Ready)
		waiting.Waiting = engine.Waiting{For: what, Since: since, Said: token}
		starting.Waited, ready.Waited = waiting.Waiting, waiting.Waiting
		if got := slices.Concat(Announce(in(runtime.Stopped), waiting), Announce(waiting, starting), Announce(ready, ready)); len(got) > 0 {
			t.Errorf("%s: announced was %+v", what, got)
		}
		got := Announce(waiting, ready)
		if len(got) != 1 || got[0].Kind != KindReady || got[0].Title != title || strings.Contains(got[0].Body, "09:05") == (what == engine.WaitingForVolume) {
			t.Errorf("%s: announced was %+v", what, got)
		}
	}
}

// TestAnnounceWoken: a runtime that Colab started is announced as that.
func TestAnnounceWoken(t *testing.T) {
	woken := in(runtime.Ready)
	woken.Woken = true
	if got := Announce(in(runtime.Starting), woken); len(got) != 1 || got[0].Kind != KindReady || got[0].Title != "Colab has started the runtime" {
		t.Errorf("announced as %+v", got)
	}
	if got := Announce(woken, woken); got != nil {
		t.Errorf("announced again: %+v", got)
	}
}

// TestAnnounceWarning: a warning of a ready runtime comes first in the announcement.
func TestAnnounceWarning(t *testing.T) {
	ready := in(runtime.Ready)
	ready.Warnings = []*problem.Problem{{Short: "Others can reach it", Hint: "why"}, {Short: "A lesser one"}}
	got := Announce(in(runtime.Starting), ready)
	if len(got) != 1 || !strings.HasPrefix(got[0].Body, "Others can reach it. A lesser one. ") {
		t.Errorf("announced %+v", got)
	}
}

// TestSenderKnowsWhatItTold pauses a runtime after its Backend URL changed.
func TestSenderKnowsWhatItTold(t *testing.T) {
	s := &Sender{wake: make(chan struct{}, 1), sent: map[slot]bool{}, pulls: map[string]pull{}, lastURLs: lastURLs{}} // a sender that shows nothing
	changed := in(runtime.Ready)
	changed.URLChanged = true
	before := in(runtime.Starting)
	for _, after := range []runtime.Snapshot{changed, in(runtime.Paused), changed} {
		s.announce(before, after, time.Now())
		before = after
	}
	last := s.pending[len(s.pending)-1].announcement
	if last == nil || code([]Announcement{*last}) != "r" {
		t.Errorf("it ends with %+v", last)
	}
}

func TestAnnounceProblem(t *testing.T) {
	starting, failed := in(runtime.Starting), in(runtime.Failed)
	failed.Problem = &problem.Problem{Short: "Port 8888 is in use by nginx", Hint: "End that program.\nOr another port."}
	failed.Profile = "torch"
	want := []Announcement{{Kind: KindFailed, Title: "Port 8888 is in use by nginx", Body: "End that program.", Profile: "torch"}}
	if got := Announce(starting, failed); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}

	failed = in(runtime.Failed)
	want = []Announcement{{
		Kind: KindStopped, Title: "The runtime ended by itself (exit code 1)", Body: "Show logs in the menu has its last output.",
		Urgency: Critical, Actions: []Action{Start, ShowLogs},
	}}
	if got := Announce(in(runtime.Ready), failed); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestActions(t *testing.T) {
	changed := in(runtime.Ready)
	changed.URL, changed.URLChanged = jupyter.NewBackendURL(8888, secret.New("another")), true
	with := func(state runtime.State, code problem.Code, command string) runtime.Snapshot {
		s := in(state)
		s.Problem = &problem.Problem{Code: code, Short: "Short", Hint: "Hint.", Command: command}
		return s
	}
	const starting, ready, failed = runtime.Starting, runtime.Ready, runtime.Failed
	for _, test := range []struct {
		before, after runtime.Snapshot
		want          []Action
	}{
		{in(starting), in(ready), []Action{CopyURL, OpenColab}},
		{in(starting), changed, []Action{CopyURL, OpenColab}},
		{in(ready), changed, []Action{CopyURL}},
		{in(ready), in(failed), []Action{Start, ShowLogs}},
		{in(ready), with(failed, problem.OutOfMemory, ""), []Action{Start, ShowLogs}},
		{in(starting), with(failed, problem.DiedStarting, ""), []Action{Start, ShowLogs}},
		{in(starting), with(failed, problem.PortInUse, ""), []Action{Start}},
		{in(runtime.Pulling), with(failed, problem.PullFailed, "docker pull image"), []Action{Start}},
		{in(runtime.Pulling), with(failed, problem.ImageNotFound, "docker pull image"), []Action{{Name: problem.ActEditSettings}}},
		{in(starting), with(failed, problem.UnsupportedPlatform, ""), []Action{{Name: problem.ActEditSettings}}},
		{in(runtime.Stopping), with(ready, problem.DiskFull, ""), nil},
		{in(ready), with(runtime.Unhealthy, problem.NoAnswer, "colab-tray logs"), []Action{{Name: problem.ActRestart}, ShowLogs}},
		{in(ready), in(runtime.Paused), []Action{{Name: problem.ActContinue}}},
	} {
		got := Announce(test.before, test.after)
		if len(got) != 1 || !slices.Equal(got[0].Actions, test.want) {
			t.Errorf("from %s to %s (%+v): got %+v, want the actions %v", test.before.State, test.after.State, test.after.Problem, got, test.want)
		}
	}
}

// TestWords holds that each kind is listed, and the labels of buttons fit.
func TestWords(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		for name, label := range i18n.Table("act") {
			if utf8.RuneCountInString(label) > 20 {
				t.Errorf("in %s the label of %s is %q", language, name, label)
			}
		}
	}
	i18n.Use(i18n.English)
	at := time.Date(2026, 5, 1, 9, 5, 0, 0, time.Local).UTC()
	want := Announcement{
		Kind: KindIdleStop, Title: "The runtime stops at 09:05", Body: "No notebook has used it for a while. Its data stay.",
		Actions: []Action{KeepRunning}, Profile: "torch",
	}
	quiet, soon := in(runtime.Ready), in(runtime.Ready)
	soon.Profile, soon.IdleStopAt = "torch", at
	later := soon
	later.IdleStopAt = at.Add(30 * time.Second)
	if got := Announce(quiet, soon); !reflect.DeepEqual(got, []Announcement{want}) {
		t.Errorf("when it is known: %+v", got)
	}
	if got := Announce(soon, later); got != nil {
		t.Errorf("half a minute later: %+v", got)
	}
	if got := Announce(later, quiet); got != nil || slices.Contains(staleKinds(soon), KindIdleStop) {
		t.Errorf("when it is used again: %+v", got)
	}
	if got := IdleStop(soon, at); !reflect.DeepEqual(got, want) || !slices.Contains(Kinds(), got.Kind) {
		t.Errorf("got %+v", got)
	}
}

// TestRunning: each state has its own message, and no message contains the token.
func TestRunning(t *testing.T) {
	bodies := map[string]bool{}
	for _, state := range runtime.States() {
		s := in(state)
		s.Port = 8899
		a := Running(s)
		bodies[a.Body] = true
		if a.Kind != KindAnswer || a.Title == "" || a.Body == "" || strings.Contains(a.Body, token) {
			t.Errorf("%s: got %+v", state, a)
		}
		if state == runtime.Ready && !strings.Contains(a.Body, "8899") {
			t.Errorf("where it is ready is not in %q", a.Body)
		}
	}
	if len(bodies) != len(runtime.States()) {
		t.Errorf("there are only the texts %v", bodies)
	}
}

// TestGerman has the German announcement of each change.
func TestGerman(t *testing.T) {
	i18n.Use("de")
	t.Cleanup(func() { i18n.Use(i18n.English) })
	changed, soon := in(runtime.Ready), in(runtime.Ready)
	changed.URL, changed.URLChanged = jupyter.NewBackendURL(8888, secret.New("another")), true
	soon.IdleStopAt = time.Date(2026, 5, 1, 9, 5, 0, 0, time.Local)
	pulling := in(runtime.Pulling)
	pulling.Progress = engine.Progress{Bytes: 1e9, Total: 4e9}
	ready, starting := in(runtime.Ready), in(runtime.Starting)
	ready.Port = 8888
	_, progress := pull{}.announce(pulling, time.Now())
	for want, got := range map[string][]Announcement{
		"Die Laufzeit ist bereit | Im Menü „Backend-URL kopieren“ wählen und sie in Colab einfügen.":                                                Announce(starting, ready),
		"Die Laufzeit ist bereit, mit neuer Backend-URL | Colab braucht die neue. Im Menü „Backend-URL kopieren“ wählen und sie in Colab einfügen.": Announce(starting, changed),
		"Die Backend-URL hat sich geändert | Colab braucht die neue. Im Menü „Backend-URL kopieren“ wählen und sie in Colab einfügen.":              Announce(ready, changed),
		"Die Laufzeit hält um 09:05 an | Kein Notebook hat sie in letzter Zeit benutzt. Ihre Daten bleiben.":                                        Announce(ready, soon),
		"The runtime ended by itself (exit code 1) | Die letzte Ausgabe zeigt im Menü „Protokoll zeigen“.":                                          Announce(ready, in(runtime.Failed)),
		"Das Image wird geladen | 25 % von 4,0 GB":                        progress,
		"Colab Tray läuft schon | Die Laufzeit ist bereit auf Port 8888.": {Running(ready)},
	} {
		if len(got) != 1 || got[0].Title+" | "+got[0].Body != want {
			t.Errorf("got %+v, want %q", got, want)
		}
	}
}

// TestNewerImage: each digest is announced once, and not again by the next program.
func TestNewerImage(t *testing.T) {
	with := func(digest string, news bool) runtime.Snapshot {
		s := in(runtime.Ready)
		s.NewerImage, s.NewerImageIsNews = digest, news
		return s
	}
	for _, c := range []struct {
		before, after runtime.Snapshot
		want          string
	}{
		{with("", false), with("a", true), "n"},
		{with("a", true), with("a", true), "."},
		{with("a", true), with("b", true), "n"},
		{with("a", true), with("", false), "."},
		{with("", false), with("a", false), "."},
		{with("a", false), with("a", true), "n"}, // an inspection was quicker to see that there is one
	} {
		if got := code(Announce(c.before, c.after)); got != c.want {
			t.Errorf("from %q to %q (news: %t): got %q, want %q", c.before.NewerImage, c.after.NewerImage, c.after.NewerImageIsNews, got, c.want)
		}
	}
	if kinds := staleKinds(with("a", true)); slices.Contains(kinds, KindNewerImage) {
		t.Errorf("what is true is withdrawn: %v", kinds)
	}
}

// TestOutdated has a column for each kind of notification that a state closes: r ready,
// u URL changed, i idle stop, f failed, s stopped, p progress,
// n newer image.
func TestOutdated(t *testing.T) {
	for state, want := range map[runtime.State]string{
		runtime.Unknown: "ruifspn", runtime.NoEngine: "ruipn", runtime.Absent: "ruifspn", runtime.Pulling: "ruifsn",
		runtime.Stopped: "ruifspn", runtime.Starting: "ruifspn", runtime.Ready: "ifspn", runtime.Unhealthy: "ruipn",
		runtime.Stopping: "ruifspn", runtime.Failed: "ruipn",
	} {
		got := ""
		for _, kind := range staleKinds(in(state)) {
			got += string(kind)[:1]
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", state, got, want)
		}
	}
}

// TestPull lists which announcements a pull causes at which second.
func TestPull(t *testing.T) {
	begin := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	type snapshotAt struct {
		second             int
		bytes, total       int64
		layersDone, layers int
		want               string
	}
	const giga, mega = 1_000_000_000, 1_000_000
	for name, story := range map[string][]snapshotAt{
		"by bytes": {
			{second: 0},
			{second: 9, bytes: giga, total: 4 * giga},
			{10, giga, 4 * giga, 1, 9, "25 % of 4.0 GB"},
			{11, 2 * giga, 4 * giga, 1, 9, ""}, // too soon
			{15, 2 * giga, 4 * giga, 1, 9, "50 % of 4.0 GB"},
			{40, 2*giga + 300*mega, 4 * giga, 1, 9, ""}, // no other tenth
			{41, 2*giga + 300*mega, 8 * giga, 1, 9, ""}, // more layers are known of
			{60, 8 * giga, 8 * giga, 9, 9, "100 % of 8.0 GB"},
			{90, 9 * giga, 8 * giga, 9, 9, ""},
		},
		"megabytes": {{30, 30 * mega, 90 * mega, 1, 9, "33 %, 30 of 90 MB"}},
		"small":     {{30, 300_000, 400_000, 8, 9, "75 %, 0 of 1 MB"}},
		"by layers": {{20, 0, 0, 1, 4, "1 of 4 layers"}, {21, 0, 0, 4, 4, ""}, {26, 0, 0, 4, 4, "4 of 4 layers"}},
		"unknown":   {{20, 0, 0, 0, 0, "This takes a while. Files that were pulled are kept."}, {99, 0, 0, 0, 0, ""}},
		"absurd":    {{20, -5, 10, -3, -1, "This takes a while. Files that were pulled are kept."}, {60, 1 << 62, 1 << 61, 9, 3, "100 % of 2305843009.2 GB"}},
	} {
		var p pull
		for _, m := range story {
			var announcements []Announcement
			s := runtime.Snapshot{State: runtime.Pulling, Since: begin, Profile: "torch", Progress: engine.Progress{
				Bytes: m.bytes, Total: m.total, LayersDone: m.layersDone, Layers: m.layers,
			}}
			p, announcements = p.announce(s, begin.Add(time.Duration(m.second)*time.Second))
			got := ""
			for _, a := range announcements {
				got += a.Body
				if a.Kind != KindProgress || a.Urgency != Low || a.Profile != "torch" || a.Percent < 0 || a.Percent > 100 {
					t.Errorf("%s, second %d: got %+v", name, m.second, a)
				}
			}
			if got != m.want {
				t.Errorf("%s, second %d: got %q, want %q", name, m.second, got, m.want)
			}
		}
		if p, announcements := p.announce(in(runtime.Starting), begin.Add(time.Hour)); p != (pull{}) || announcements != nil {
			t.Errorf("%s: after the pull there are %+v and %v", name, p, announcements)
		}
	}
}

func TestHarmless(t *testing.T) {
	const text = "Can't pull \"a\"; $(calc) `calc` <b> & ]]> \"@\n100 % of $HOME"
	got := plainText(text)
	if strings.ContainsAny(got, "$`\"'<>&]@\n%\\") {
		t.Errorf("%q still has what a script takes for something else", got)
	}
	if !strings.HasPrefix(got, "Can’t pull") || plainText("Port 8888 is in use.") != "Port 8888 is in use." {
		t.Errorf("%q is not readable any more", got)
	}
}
