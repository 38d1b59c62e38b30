package logfile

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOnce: a failure that comes again and again for a minute is logged once, and once
// more when it comes after a while without it. What else fails meanwhile, and what is no
// failure, is logged.
func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text strings.Builder
		log := slog.New(Once(slog.NewTextHandler(&text, nil)))
		ours, another := log.With("runtime", "ours"), log.With("runtime", "another")
		outage := func() {
			for range 600 {
				time.Sleep(100 * time.Millisecond)
				ours.Warn("it cannot be done", "error", errors.New("taken"))
			}
		}
		lines := func(want int) {
			t.Helper()
			if got := strings.Count(text.String(), "\n"); got != want {
				t.Errorf("there are %d lines, not %d:\n%s", got, want, &text)
			}
		}
		outage()
		lines(1)
		outage()
		lines(1)
		ours.Warn("it cannot be done", "error", errors.New("forbidden"))
		another.Warn("it cannot be done", "error", errors.New("taken"))
		ours.WithGroup("part").Warn("it cannot be done", "error", errors.New("taken"))
		ours.Warn("something else cannot be done", "error", errors.New("taken"))
		lines(5)
		for range 2 {
			ours.Info("state", "is", "ready")
		}
		lines(7)
		time.Sleep(quiet)
		outage()
		lines(8)
	})
}
