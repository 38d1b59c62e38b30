package colabpage

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// TestWaking has Colab's page, in a browser, come back to a runtime that was stopped for
// idleness, whatever WebSocket was open: a page that is left open does not start it, and one
// that connects does, and runs a cell.
func TestWaking(t *testing.T) {
	t.Parallel()
	s, manager := startAs(t, testenv.Server2, func(p *config.Profile) { p.Token, p.Wake = config.TokenKeep, true })
	p := openPage(t, colabOrigin, browser.PermissionSettingGranted, s)
	p.prints(t, "2", p.evaluate("begin", s.base(), s.token, "print(1 + 1)"))
	idle(t, manager)
	for _, r := range p.evaluate("linger", s.base(), s.token) {
		want := "503 The runtime does not run."
		if r.Step == "websocket" {
			want = "the WebSocket could not be opened"
		}
		if r.OK || !strings.HasPrefix(r.Got, want) {
			t.Errorf("left open, %s: %v %s", r.Step, r.OK, r.Got)
		}
	}
	if now := manager.Snapshot(); now.State != runtime.Stopped {
		t.Fatalf("a page that is left open made it %s", now.State)
	}
	another := openPage(t, foreignOrigin, browser.PermissionSettingGranted, s)
	wantNothing(t, another.connect(s.base(), s.token))
	if now := manager.Snapshot(); now.State != runtime.Stopped {
		t.Fatalf("another page made it %s", now.State)
	}

	p.connects(t, s, s.base())
	if now := manager.Snapshot(); now.State != runtime.Ready || !now.Woken {
		t.Errorf("it is %s, woken %t", now.State, now.Woken)
	}
}

// idle has the runtime stopped for idleness.
func idle(t *testing.T, m *runtime.Manager) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	may := m.Profile()
	may.IdleStop = time.Second
	m.SetProfile(may)
	for now := range m.Watch(ctx) {
		if now.State == runtime.Stopped {
			if !now.IdleStopped {
				t.Errorf("it was stopped for something else: %+v", now)
			}
			break
		}
	}
	may.IdleStop = 0
	m.SetProfile(may)
}
