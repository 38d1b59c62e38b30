package app

import (
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/notify"
)

// TestWanted switches off each kind of notification alone.
func TestWanted(t *testing.T) {
	all := config.DefaultPreferences().Notifications
	off := map[notify.Kind]config.Notifications{}
	for kind, field := range map[notify.Kind]func(*config.Notifications) *bool{
		notify.KindReady:      func(n *config.Notifications) *bool { return &n.Ready },
		notify.KindURLChanged: func(n *config.Notifications) *bool { return &n.URLChanged },
		notify.KindStopped:    func(n *config.Notifications) *bool { return &n.Stopped },
		notify.KindFailed:     func(n *config.Notifications) *bool { return &n.Failed },
		notify.KindIdleStop:   func(n *config.Notifications) *bool { return &n.Idle },
		notify.KindProgress:   func(n *config.Notifications) *bool { return &n.Progress },
		notify.KindNewerImage: func(n *config.Notifications) *bool { return &n.NewerImage },
	} {
		n := all
		*field(&n) = false
		off[kind] = n
	}
	for _, kind := range notify.Kinds() {
		if !wanted(all, kind) {
			t.Errorf("%s is off by default", kind)
		}
		if n, can := off[kind]; can && wanted(n, kind) {
			t.Errorf("%s cannot be switched off", kind)
		}
		for other, n := range off {
			if other != kind && !wanted(n, kind) {
				t.Errorf("%s goes with %s", kind, other)
			}
		}
	}
	if len(off) != len(notify.Kinds())-1 { // answers always come
		t.Errorf("%d kinds of %d can be switched off", len(off), len(notify.Kinds()))
	}
}
