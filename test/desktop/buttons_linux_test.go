package desktop

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"colabtray/internal/notify"
)

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
	// The last button is in the lower right corner.
	if _, err := s.Run(t.Context(), "xdotool", "mousemove", strconv.Itoa(where.Max.X-40), strconv.Itoa(where.Max.Y-25), "click", "1"); err != nil {
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
