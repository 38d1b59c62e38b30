package notify

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"colabtray/internal/engine"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// recordedActions has the actions that buttons requested.
type recordedActions struct {
	profile string
	action  Action
}

// buttons returns options whose buttons send their action to the channel.
func buttons() (Options, chan recordedActions) {
	c := make(chan recordedActions, 10)
	return Options{Act: func(profile string, action Action) { c <- recordedActions{profile, action} }}, c
}

func waitAsked(t *testing.T, c chan recordedActions, want recordedActions) {
	t.Helper()
	select {
	case got := <-c:
		if got != want {
			t.Errorf("asked for %v, want %v", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("nobody asked for %v", want)
	}
}

// summaries returns the titles of notifications.
func summaries(history []map[string]dbus.Variant) []string {
	var all []string
	for _, n := range history {
		all = append(all, n["summary"].Value().(string))
	}
	return all
}

// TestDunstActions clicks the buttons of a real notification server, as `dunstctl
// action` does.
func TestDunstActions(t *testing.T) {
	sessionBus(t)
	number, _ := start(t, nil, "Xvfb", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-displayfd", "3")
	server := startDunst(t, client(t), ":"+number)
	o, c := buttons()
	s, log := senderWith(t, o, time.Minute)
	click := func() {
		t.Helper()
		if err := server.object().Call("org.dunstproject.cmd0.NotificationAction", 0, uint32(0)).Err; err != nil {
			t.Fatal(err)
		}
	}

	s.Send(Announcement{Kind: KindURLChanged, Title: "Changed", Actions: []Action{CopyURL}, Profile: "torch"})
	server.waitDisplayed(1)
	click()
	waitAsked(t, c, recordedActions{"torch", CopyURL})
	// Each notification has its own buttons.
	server.dismissed()
	s.Send(IdleStop(runtime.Snapshot{Profile: "torch"}, time.Now()))
	server.waitDisplayed(1)
	click()
	waitAsked(t, c, recordedActions{"torch", KeepRunning})

	// A new server starts its own numbering.
	server.stop()
	server = startDunst(t, server.conn, ":"+number)
	s.Send(Announcement{Kind: KindURLChanged, Title: "Changed", Actions: []Action{CopyURL}})
	server.waitDisplayed(1)
	click()
	waitAsked(t, c, recordedActions{"", CopyURL})
	if log.String() != "" || len(c) > 0 {
		t.Errorf("the log says %q, and %d were asked for", log, len(c))
	}
}

// TestDunstFollowsTheRuntime: a pull has one notification, which is closed when the
// pull ends, and notifications that are no longer true are closed.
func TestDunstFollowsTheRuntime(t *testing.T) {
	sessionBus(t)
	number, _ := start(t, nil, "Xvfb", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-displayfd", "3")
	server := startDunst(t, client(t), ":"+number)
	to := &bus{shown: map[slot]shownNote{}}
	s := newSender(Options{Log: slog.Default()}, to, time.Minute)
	t.Cleanup(s.Close)

	begin := time.Now()
	before := in(runtime.Absent)
	pulls := func(second int, percent int64) {
		t.Helper()
		next := in(runtime.Pulling)
		next.Since, next.Progress = begin, engine.Progress{Bytes: percent, Total: 100, LayersDone: 1, Layers: 2}
		s.announce(before, next, begin.Add(time.Duration(second)*time.Second))
		before = next
	}
	becomes := func(state runtime.State) {
		s.announce(before, in(state), begin.Add(time.Hour))
		before = in(state)
	}
	has := func(kind Kind, what string, is func(shownNote) bool) {
		t.Helper()
		testenv.WaitFor(t, what, func() error {
			to.mu.Lock()
			defer to.mu.Unlock()
			if n := to.shown[slot{kind: kind}]; !is(n) {
				return fmt.Errorf("there is %+v", n)
			}
			return nil
		})
	}
	removed := func() { // a later notification that was shown and closed proves that the earlier ones were handled
		t.Helper()
		s.Send(Announcement{Kind: "mark", Title: "Mark"})
		has("mark", "the mark", func(n shownNote) bool { return n.id != 0 })
		s.Withdraw("", "mark")
		has("mark", "the mark to go", func(n shownNote) bool { return n.id == 0 })
	}

	pulls(5, 5)
	pulls(15, 10)
	server.waitDisplayed(1)
	pulls(25, 50)
	pulls(35, 90)
	removed()
	server.waitDisplayed(1) // only one of the two
	becomes(runtime.Starting)
	server.waitDisplayed(0)
	becomes(runtime.Ready)
	server.waitDisplayed(1)
	becomes(runtime.Failed)
	removed()
	server.waitDisplayed(1) // "ready" was closed
	if history := summaries(server.dismissed()); history[0] != "The runtime ended by itself (exit code 1)" {
		t.Errorf("dunst has shown %q", history)
	}
	becomes(runtime.Starting)

	// After the person dismisses the notification of a pull, only the next pull gets
	// one.
	begin = begin.Add(time.Hour)
	pulls(20, 20)
	server.waitDisplayed(1)
	server.dismissed()
	has(KindProgress, "the sender to hear of it", func(n shownNote) bool { return n.dismissed })
	pulls(40, 60)
	removed()
	server.waitDisplayed(0)
	becomes(runtime.Absent)
	begin = begin.Add(time.Hour)
	pulls(20, 20)
	server.waitDisplayed(1)
	s.Close() // Close removes the notification of a pull
	server.waitDisplayed(0)
}

// TestSignalsOfOthers has a server that sends wrong signals.
func TestSignalsOfOthers(t *testing.T) {
	sessionBus(t)
	f := startFake(t, "actions")
	close(f.release)
	o, c := buttons()
	s, _ := senderWith(t, o, time.Minute)
	s.Send(Announcement{Kind: KindReady, Title: "Ready", Actions: []Action{CopyURL, OpenColab}, Profile: "torch"})
	<-f.asked
	s.Send(Announcement{Kind: KindFailed, Title: "Failed"})
	<-f.asked
	emit := func(name string, values ...any) {
		t.Helper()
		if err := f.conn.Emit(serverPath, serverName+"."+name, values...); err != nil {
			t.Fatal(err)
		}
	}
	for _, signal := range [][]any{
		{"ActionInvoked"},
		{"ActionInvoked", "1", "copyURL"},
		{"ActionInvoked", uint32(1)},
		{"ActionInvoked", uint32(1), "start"},   // not offered there
		{"ActionInvoked", uint32(2), "copyURL"}, // nor there
		{"ActionInvoked", uint32(9), "copyURL"}, // another program's
		{"ActionInvoked", uint32(0), ""},
		{"NotificationClosed"},
		{"NotificationClosed", uint32(9), uint32(2)},
		{"ActivationToken", uint32(1), "token"},
		{"ActionInvoked", uint32(1), "openColab"},
	} {
		emit(signal[0].(string), signal[1:]...)
	}
	waitAsked(t, c, recordedActions{"torch", OpenColab})
	s.Close()
	if len(c) > 0 {
		t.Errorf("asked for %v too", <-c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := f.calls[0].actions; !slices.Equal(got, []string{"copyURL", "Copy URL", "openColab", "Open Colab"}) {
		t.Errorf("the buttons are %q", got)
	}
}

// TestNoButtons: there are no buttons if the server or the program does not support
// them.
func TestNoButtons(t *testing.T) {
	withAct, _ := buttons()
	for name, test := range map[string]struct {
		capabilities []string
		options      Options
	}{
		"server":  {nil, withAct},
		"program": {[]string{"actions"}, Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			sessionBus(t)
			f := startFake(t, test.capabilities...)
			close(f.release)
			s, _ := senderWith(t, test.options, time.Minute)
			s.Send(Announcement{Kind: KindReady, Title: "Ready", Actions: []Action{CopyURL}})
			<-f.asked
			s.Close()
			if err := f.conn.Emit(serverPath, serverName+".ActionInvoked", uint32(1), "copyURL"); err != nil {
				t.Error(err)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, call := range f.calls {
				if len(call.actions) > 0 {
					t.Errorf("the buttons are %q", call.actions)
				}
			}
		})
	}
}

// TestKindsSwitchedOff sends every kind, and expects the kinds that are switched on.
func TestKindsSwitchedOff(t *testing.T) {
	sessionBus(t)
	f := startFake(t)
	close(f.release)
	off := map[Kind]bool{KindReady: true, KindProgress: true}
	s, _ := senderWith(t, Options{Enabled: func(k Kind) bool { return !off[k] }}, time.Minute)
	for _, kind := range Kinds() {
		s.Send(Announcement{Kind: kind, Title: string(kind)})
	}
	for _, kind := range Kinds() {
		if !off[kind] {
			if got := <-f.asked; got != string(kind) {
				t.Errorf("showed %q, want %q", got, kind)
			}
		}
	}
}

// TestSeveralRuntimes: announcements of one runtime do not replace those of another,
// and name their runtime.
func TestSeveralRuntimes(t *testing.T) {
	sessionBus(t)
	f := startFake(t)
	close(f.release)
	s, _ := senderWith(t, Options{}, time.Minute)
	for _, profile := range []string{"jupyter", "torch", "jupyter"} {
		before, after := in(runtime.Starting), in(runtime.Ready)
		before.Profile, after.Profile = profile, profile
		s.Announce(before, after)
		<-f.asked
	}
	testenv.WaitFor(t, "all calls", func() error {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.calls) < 3 {
			return fmt.Errorf("there are %d", len(f.calls))
		}
		return nil
	})
	var got []string
	for _, c := range f.calls {
		got = append(got, fmt.Sprint(c.replaces, " ", c.summary))
	}
	want := "0 The runtime is ready|0 torch: The runtime is ready|1 jupyter: The runtime is ready"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}
