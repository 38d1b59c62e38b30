package notify

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/problem"
)

// fakeCenter stands for macOS, which is not here. Its replies are errors; a nil function
// never replies.
type fakeCenter struct {
	authorized, added func() error

	asked      int
	categories []category
	notes      []note
	removed    []string
	answer     func(error) // to the last question for the permission
	fault      error       // of each call
}

func granted() error { return nil }

func (f *fakeCenter) authorize(done func(error)) error {
	f.asked++
	f.answer = done
	if f.authorized != nil {
		done(f.authorized())
	}
	return f.fault
}

func (f *fakeCenter) declare(all []category) error {
	f.categories = all
	return f.fault
}

func (f *fakeCenter) add(n note, done func(error)) error {
	f.notes = append(f.notes, n)
	if f.added != nil {
		done(f.added())
	}
	return f.fault
}

func (f *fakeCenter) remove(identifier string, done func(error)) error {
	f.removed = append(f.removed, identifier)
	done(nil)
	return f.fault
}

// fallback has what went the other way.
type fallback struct {
	shown  []Announcement
	closed bool
}

func (f *fallback) show(_ context.Context, _ slot, a Announcement) error {
	f.shown = append(f.shown, a)
	return nil
}
func (f *fallback) withdraw(context.Context, slot) error { return nil }
func (f *fallback) close()                               { f.closed = true }

// clicks are what act was called with.
type clicks chan click

func (c clicks) act(profile string, action Action) { c <- click{profile, action} }

// centerWith returns a server for a centre, what went the other way, and what its buttons
// do.
func centerWith(center notificationCenter, err error) (*centerServer, *fallback, clicks) {
	other, acted := new(fallback), make(clicks, 8)
	open := func(context.Context, listener) (notificationCenter, error) { return center, err }
	return newCenterServer(acted.act, open, other, slog.New(slog.DiscardHandler)), other, acted
}

func showAll(t *testing.T, s server, announcements ...Announcement) {
	t.Helper()
	for _, a := range announcements {
		if err := s.show(t.Context(), slot{a.Kind, a.Profile}, a); err != nil {
			t.Errorf("%s: %v", a.Kind, err)
		}
	}
}

// TestNote says an announcement in the terms of macOS.
func TestNote(t *testing.T) {
	port := Action{Name: problem.ActUsePort, Port: 8889}
	progress := category{identifier: "progress"}
	for _, test := range []struct {
		a    Announcement
		want note
		as   presentation
	}{
		{Announcement{Kind: KindReady, Title: "a"}, note{identifier: "ready ", title: "a"}, asBanner | inList},
		{
			Announcement{Kind: KindStopped, Profile: "my profile", Title: "a", Body: "b", Urgency: Critical, Actions: []Action{Start, port}},
			note{identifier: "stopped my profile", title: "a", body: "b", sound: true, category: category{
				"start usePort:8889", []button{{"start", Start.Label()}, {"usePort:8889", port.Label()}},
			}},
			asBanner | inList | withSound,
		},
		{
			Announcement{Kind: KindProgress, Title: "a", Urgency: Low, Percent: 20},
			note{identifier: "progress ", title: "a", passive: true, category: progress},
			inList,
		},
	} {
		got := noteOf(slot{test.a.Kind, test.a.Profile}, test.a, true)
		if !reflect.DeepEqual(got, test.want) || got.presentation() != test.as {
			t.Errorf("%+v is %+v, shown as %b", test.a, got, got.presentation())
		}
	}
	if got := noteOf(slot{}, Announcement{Actions: []Action{Start}}, false); got.category.identifier != "" {
		t.Errorf("without anybody to act, there are the buttons %+v", got.category)
	}
}

// TestCenter shows and withdraws announcements in the notification centre.
func TestCenter(t *testing.T) {
	center := &fakeCenter{authorized: granted, added: granted}
	s, other, _ := centerWith(center, nil)
	ready := Announcement{Kind: KindReady, Profile: "p", Title: "a", Actions: []Action{CopyURL, OpenColab}}
	failed := Announcement{Kind: KindFailed, Profile: "p", Title: "b", Actions: []Action{Start}}
	progress := Announcement{Kind: KindProgress, Title: "c", Urgency: Low}
	showAll(t, s, ready, failed, ready, progress)
	var shown, declared []string
	for _, n := range center.notes {
		shown = append(shown, n.identifier)
	}
	for _, c := range center.categories {
		declared = append(declared, c.identifier)
	}
	if want := []string{"ready p", "failed p", "ready p", "progress "}; !slices.Equal(shown, want) {
		t.Errorf("the centre has got %q, want %q", shown, want)
	}
	if want := []string{"copyURL openColab", "start", "progress"}; !slices.Equal(declared, want) {
		t.Errorf("there are the categories %q, want %q", declared, want)
	}
	for _, kind := range []Kind{KindReady, KindReady, KindStopped} { // the second is gone, the third was not shown
		if err := s.withdraw(t.Context(), slot{kind, "p"}); err != nil {
			t.Error(err)
		}
	}
	s.close()
	if want := []string{"ready p", "progress "}; !slices.Equal(center.removed, want) {
		t.Errorf("removed were %q, want %q", center.removed, want)
	}
	if len(other.shown) != 0 || !other.closed {
		t.Errorf("the other way has got %+v, closed: %v", other.shown, other.closed)
	}
}

// TestCenterFalls shows that what the notification centre does not take, goes the other
// way in time, and when macOS asks whether the program may notify.
func TestCenterFalls(t *testing.T) {
	a := Announcement{Kind: KindReady, Title: "a", Actions: []Action{Start}}
	no := errors.New("no")
	refused := func() error { return no }
	for name, test := range map[string]struct {
		center       *fakeCenter // nil for none
		asked, added int         // in two announcements
	}{
		"it cannot be opened":     {},
		"calls fail":              {&fakeCenter{fault: no}, 2, 0},
		"the person refuses":      {&fakeCenter{authorized: refused}, 2, 0},
		"nobody answers":          {&fakeCenter{}, 1, 0},
		"it does not take it":     {&fakeCenter{authorized: granted, added: refused}, 2, 2},
		"it does not say it does": {&fakeCenter{authorized: granted}, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, other, _ := centerWith(test.center, nil)
				if test.center == nil {
					s, other, _ = centerWith(nil, no)
				}
				began := time.Now()
				showAll(t, s, a, a)
				if len(other.shown) != 2 || time.Since(began) >= deliveryTimeout {
					t.Errorf("the other way has got %+v after %v", other.shown, time.Since(began))
				}
				if test.center != nil && (test.center.asked != test.asked || len(test.center.notes) != test.added) {
					t.Errorf("it was asked %d times, and has got %+v", test.center.asked, test.center.notes)
				}
			})
		})
	}
}

// TestCenterHangs shows that a call that does not come back keeps nothing up, and that
// the notification centre is used again once it has.
func TestCenterHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		center := &fakeCenter{authorized: granted}
		center.added = func() error { <-hang; return nil }
		s, other, _ := centerWith(center, nil)
		a := Announcement{Kind: KindReady, Title: "a"}
		began := time.Now()
		showAll(t, s, a, a)
		if len(other.shown) != 2 || time.Since(began) != replyPatience {
			t.Errorf("the other way has got %+v after %v", other.shown, time.Since(began))
		}
		close(hang)
		synctest.Wait()
		showAll(t, s, a)
		if len(other.shown) != 2 || len(center.notes) != 2 {
			t.Errorf("after that, the other way has got %+v, and the centre %+v", other.shown, center.notes)
		}
	})
}

// TestCenterAnswer shows that an answer of the person counts from when it is there.
func TestCenterAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		center := &fakeCenter{added: granted}
		s, other, _ := centerWith(center, nil)
		a := Announcement{Kind: KindReady, Title: "a"}
		showAll(t, s, a)
		center.answer(nil)
		center.authorized = granted
		showAll(t, s, a, a)
		if len(other.shown) != 1 || len(center.notes) != 2 || center.asked != 2 {
			t.Errorf("the other way has got %+v, the centre %+v, asked %d times", other.shown, center.notes, center.asked)
		}
	})
}

// TestCenterResponse carries out the buttons of what is there, and nothing else.
func TestCenterResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		center := &fakeCenter{authorized: granted, added: granted}
		s, _, acted := centerWith(center, nil)
		port := Action{Name: problem.ActUsePort, Port: 8889}
		showAll(t, s, Announcement{Kind: KindFailed, Profile: "a b", Title: "a", Actions: []Action{port, ShowLogs}})
		for _, identifier := range []string{"failed a b", "failed a", "ready a b", ""} {
			for _, action := range []string{"usePort:8889", "usePort:8888", "showLogs", "start", "com.apple.UNNotificationDefaultActionIdentifier", ""} {
				s.responded(identifier, action)
				synctest.Wait()
			}
		}
		close(acted)
		var got []click
		for c := range acted {
			got = append(got, c)
		}
		if want := []click{{"a b", port}, {"a b", ShowLogs}}; !slices.Equal(got, want) {
			t.Errorf("the clicks were %+v, want %+v", got, want)
		}
		if err := s.withdraw(t.Context(), slot{KindFailed, "a b"}); err != nil {
			t.Error(err)
		}
		s.responded("failed a b", "showLogs") // acted is closed
		if s.presentation("failed a b") != asBanner|inList {
			t.Error("a notification of another process is not shown")
		}
		synctest.Wait()
	})
}

// TestCenterProgress does not show progress again that the person has put away, until it
// is the progress of something else.
func TestCenterProgress(t *testing.T) {
	center := &fakeCenter{authorized: granted, added: granted}
	s, other, _ := centerWith(center, nil)
	progress := Announcement{Kind: KindProgress, Title: "a", Urgency: Low}
	showAll(t, s, progress)
	s.responded("progress ", "com.apple.UNNotificationDismissActionIdentifier")
	showAll(t, s, progress)
	if len(center.notes) != 1 || len(other.shown) != 0 || s.presentation("progress ") != inList {
		t.Errorf("it was shown %d times, and %d times the other way", len(center.notes), len(other.shown))
	}
	if err := s.withdraw(t.Context(), slot{kind: KindProgress}); err != nil {
		t.Error(err)
	}
	showAll(t, s, progress)
	if len(center.notes) != 2 {
		t.Error("the next download shows no progress")
	}
}

// TestIsApplication uses the notification centre in an application alone.
func TestIsApplication(t *testing.T) {
	for _, test := range []struct {
		identifier, path string
		want             bool
	}{
		{"dev.colabtray.ColabTray", "/Applications/Colab Tray.app", true},
		{"", "/Applications/Colab Tray.app", false},
		{"dev.colabtray.ColabTray", "/usr/local/bin", false},
		{"", "", false},
	} {
		if got := isApplication(test.identifier, test.path); got != test.want {
			t.Errorf("%q in %q: %v", test.identifier, test.path, got)
		}
	}
}
