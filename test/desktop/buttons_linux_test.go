package desktop

import (
	"context"
	"image"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"colabtray/assets"
	"colabtray/internal/notify"
	"colabtray/test/testenv"
)

// clickLastButton clicks the last button of a notification of XFCE's, which is
// in its lower right corner.
func (s *Session) clickLastButton(ctx context.Context, note image.Rectangle) error {
	_, err := s.Run(ctx, "xdotool", "mousemove", strconv.Itoa(note.Max.X-40), strconv.Itoa(note.Max.Y-25), "click", "1")
	return err
}

// The buttons of a notification are clicked on the screen.
func TestNotificationButtons(t *testing.T) {
	s := Start(t, Options{Notifications: XFCE, NoPanel: true})
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+s.dir+"/bus")
	asked := make(chan notify.Action, 9)
	sender := notify.NewSender(notify.Options{
		Log: slog.Default(),
		Act: func(profile string, action notify.Action) {
			if profile == "torch" {
				asked <- action
			}
		},
	})
	defer sender.Close()
	sender.Send(notify.Announcement{
		Kind: notify.KindReady, Title: "The runtime is ready", Body: "Choose Copy Backend URL in the menu and paste it into Colab.",
		Actions: []notify.Action{notify.CopyURL, notify.OpenColab}, Profile: "torch",
	})
	where, err := s.NoteWindow(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keep(t.Name()); err != nil {
		t.Error(err)
	}
	if err := s.clickLastButton(t.Context(), where); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-asked:
		if got != notify.OpenColab {
			t.Errorf("asked for %q", got)
		}
	case <-time.After(patience):
		t.Error("the click asked for nothing")
	}
}

// A runtime that dies is started again from the notification that says so, and
// the notification goes.
func TestStartFromNotification(t *testing.T) {
	t.Parallel()
	p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
	p.clicksIcon(assets.Stopped)
	p.seesIcon(assets.Ready)
	p.must(p.CloseNote(t.Context()))
	testenv.Docker(t, "exec", "--user", "root", p.name, "sh", "-c", "kill -SEGV -1 || true")
	p.must(p.Note(t.Context(), "ended by itself"))
	p.seesIcon(assets.Problem)
	where, err := p.NoteWindow(t.Context())
	p.must(err)
	p.keeps("stopped")
	// Start is the one before the last.
	where.Max.X -= 100
	p.must(p.clickLastButton(t.Context(), where))
	p.must(p.Note(t.Context(), "ready, with a new Backend URL"))
	p.seesIcon(assets.Ready)
	where, err = p.NoteWindow(t.Context())
	p.must(err)
	p.must(p.clickLastButton(t.Context(), where))
	if got := p.opened(Browser); got != "https://colab.research.google.com/" {
		t.Errorf("the browser was asked to open %q", got)
	}
}
