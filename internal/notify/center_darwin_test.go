package notify

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ebitengine/purego/objc"
)

// These tests call macOS. They are for a program in an application, so the workflow puts
// them into one; elsewhere they are skipped. An exception of Objective-C, as for a wrong
// call, ends them.

func TestMain(m *testing.M) {
	Rehearse()
	os.Exit(m.Run())
}

// patience is for macOS, which can be slow on a runner.
const patience = 30 * time.Second

// needApplication skips a test that does not run in an application.
func needApplication(t *testing.T) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	switch err := inApplication(); {
	case strings.Contains(program, ".app/Contents/MacOS/"):
		if err != nil {
			t.Fatal(err)
		}
	case err == nil:
		t.Fatalf("%s is taken for an application", program)
	default:
		t.Skip(err)
	}
}

// heard is a listener that keeps what it hears.
type heard struct{ identifiers, actions chan string }

func newHeard() heard { return heard{make(chan string, 8), make(chan string, 8)} }

func (h heard) responded(identifier, action string) {
	h.identifiers <- identifier
	h.actions <- action
}

func (h heard) presentation(identifier string) presentation {
	h.identifiers <- identifier
	return inList
}

// TestSystemCenter makes each call of the notification centre.
func TestSystemCenter(t *testing.T) {
	needApplication(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	center, err := openCenter(ctx, newHeard())
	if err != nil {
		t.Fatal(err)
	}
	said := func(what string, reply <-chan error) {
		select {
		case err := <-reply:
			t.Logf("%s: %v", what, err)
		case <-time.After(replyPatience):
			t.Logf("%s: no reply", what)
		}
	}
	replies := [3]chan error{make(chan error, 1), make(chan error, 1), make(chan error, 1)}
	if err := center.authorize(func(err error) { replies[0] <- err }); err != nil {
		t.Error(err)
	}
	said("authorize", replies[0])
	a := Announcement{Kind: KindFailed, Profile: "p", Title: "Ä \"title\" %@ %s", Body: "body", Urgency: Critical, Actions: []Action{Start, ShowLogs}}
	n := noteOf(slot{a.Kind, a.Profile}, a, true)
	if err := center.declare([]category{n.category, {identifier: "none"}}); err != nil {
		t.Error(err)
	}
	if err := center.add(n, func(err error) { replies[1] <- err }); err != nil {
		t.Error(err)
	}
	said("add", replies[1])
	if err := center.remove(n.identifier, func(err error) { replies[2] <- err }); err != nil {
		t.Error(err)
	}
	select {
	case <-replies[2]:
	case <-ctx.Done():
		t.Error("macOS does not reply to the removal")
	}
}

// TestSystemFalls shows announcements as the tray does: in the notification centre where
// macOS allows it, else the other way.
func TestSystemFalls(t *testing.T) {
	needApplication(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	other := new(fallback)
	opened := make(chan *seen, 1)
	s := newCenterServer(func(string, Action) {}, func(ctx context.Context, l listener) (notificationCenter, error) {
		center, err := openCenter(ctx, l)
		watched := &seen{notificationCenter: center, added: make(chan error, 8)}
		opened <- watched
		return watched, err
	}, other, slog.New(slog.NewTextHandler(t.Output(), nil)))
	defer s.close()
	a := Announcement{Kind: KindReady, Title: "title", Body: "body", Actions: []Action{CopyURL, OpenColab}}
	progress := Announcement{Kind: KindProgress, Title: "progress", Urgency: Low, Percent: 10}
	for _, a := range []Announcement{a, progress, a} {
		if err := s.show(ctx, slot{a.Kind, a.Profile}, a); err != nil {
			t.Error(err)
		}
	}
	if s.unusable != nil {
		t.Fatal(s.unusable)
	}
	center := <-opened
	taken := 0
	for len(center.added) > 0 {
		if err := <-center.added; err == nil {
			taken++
		}
	}
	t.Logf("macOS has taken %d of 3, and the other way %d", taken, len(other.shown))
	if taken+len(other.shown) < 3 {
		t.Error("one was not shown at all")
	}
	for _, kind := range []Kind{KindReady, KindProgress} {
		if err := s.withdraw(ctx, slot{kind: kind}); err != nil {
			t.Error(err)
		}
	}
}

// seen is a notification centre of which a test sees what it has taken.
type seen struct {
	notificationCenter
	added chan error
}

func (c *seen) add(n note, done func(error)) error {
	return c.notificationCenter.add(n, func(err error) { c.added <- err; done(err) })
}

// standIn makes an object that stands for a notification, for the request that it is of,
// and for a response to it: nobody else than macOS can make these.
func standIn(t *testing.T, m *messages, identifier, action string) objc.ID {
	t.Helper()
	itself := func(self objc.ID, _ objc.SEL) objc.ID { return self }
	text := func(text string) func(objc.ID, objc.SEL) objc.ID {
		object := m.get(m.string(text), "retain")
		return func(objc.ID, objc.SEL) objc.ID { return object }
	}
	class, err := objc.RegisterClass("ColabTrayStandIn", objc.GetClass("NSObject"), nil, nil, []objc.MethodDef{
		{Cmd: objc.RegisterName("notification"), Fn: itself},
		{Cmd: objc.RegisterName("request"), Fn: itself},
		{Cmd: objc.RegisterName("identifier"), Fn: text(identifier)},
		{Cmd: objc.RegisterName("actionIdentifier"), Fn: text(action)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m.get(objc.ID(class), "new")
}

// TestDelegate calls the delegate as macOS does.
func TestDelegate(t *testing.T) {
	needApplication(t)
	if _, err := load("UserNotifications"); err != nil {
		t.Fatal(err)
	}
	h := newHeard()
	err := pooled(func(m *messages) error {
		delegate, err := newDelegate(m, h)
		if err != nil {
			return err
		}
		object := standIn(t, m, "failed p", "usePort:8889")
		responses, presentations := 0, []uintptr{}
		done := objc.NewBlock(func(objc.Block) { responses++ })
		how := objc.NewBlock(func(_ objc.Block, options uintptr) { presentations = append(presentations, options) })
		defer done.Release()
		defer how.Release()
		for _, object := range []objc.ID{object, 0, m.string("something else")} {
			m.send(delegate, didReceive, objc.ID(0), object, done)
			m.send(delegate, willPresent, objc.ID(0), object, how)
		}
		m.send(delegate, didReceive, objc.ID(0), object, objc.Block(0))
		if want := []uintptr{uintptr(inList), uintptr(inList | asBanner), uintptr(inList | asBanner)}; responses != 3 || !slices.Equal(presentations, want) {
			t.Errorf("macOS was answered %d times, and %v", responses, presentations)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	close(h.identifiers)
	close(h.actions)
	for identifier := range h.identifiers {
		if identifier != "failed p" {
			t.Errorf("it has heard of %q", identifier)
		}
	}
	var actions []string
	for action := range h.actions {
		actions = append(actions, action)
	}
	if !slices.Equal(actions, []string{"usePort:8889", "usePort:8889"}) {
		t.Errorf("it has heard of %q", actions)
	}
}

// TestMessages shows that what macOS does not know is an error, and that nothing is sent
// after one.
func TestMessages(t *testing.T) {
	needApplication(t)
	for name, call := range map[string]func(m *messages){
		"class":   func(m *messages) { m.class("ColabTrayNothing") },
		"message": func(m *messages) { m.send(m.string("a"), "colabTrayNothing") },
		"nil":     func(m *messages) { m.send(0, "description") },
		"after":   func(m *messages) { m.array(m.class("ColabTrayNothing")) },
		"result":  func(m *messages) { m.get(m.array(), "firstObject") },
	} {
		if err := pooled(func(m *messages) error { call(m); return nil }); err == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
	err := pooled(func(m *messages) error {
		if got := m.text(m.string("Ä"), "description"); got != "Ä" {
			t.Errorf("a text comes back as %q", got)
		}
		object := m.get(m.class("NSError"), "errorWithDomain:code:userInfo:", m.string("domain"), -7, objc.ID(0))
		if err := failure(object); err == nil || !strings.HasSuffix(err.Error(), "(domain -7)") {
			t.Errorf("an error comes back as %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRehearsal lets a process throw the exception that the notification centre has for
// programs outside an application.
func TestRehearsal(t *testing.T) {
	needApplication(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone")
	if err := os.WriteFile(alone, content, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), alone)
	cmd.Env = append(os.Environ(), rehearsal+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%v: %s", err, out)
	if code := cmd.ProcessState.ExitCode(); code == 0 {
		t.Error("outside an application, the rehearsal went well")
	}
}
