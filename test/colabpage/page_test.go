package colabpage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"

	"colabtray/internal/config"
	"colabtray/test/bed"
)

// steps are those of a page that connects, in their order.
var steps = []string{"build-info", "kernelspecs", "sessions", "kernels", "contents", "kernel", "websocket", "cell", "shutdown"}

// eachRuntime runs a test against a runtime of each kind, as the program starts it.
func eachRuntime(t *testing.T, test func(t *testing.T, s server)) {
	for _, c := range []struct {
		name, image string
		kind        config.Kind
	}{
		{"notebook6", bed.Notebook6, config.KindJupyter},
		{"server2", bed.Server2, config.KindJupyter},
		{"colab", bed.Colab, config.KindColab},
	} {
		t.Run(c.name, func(t *testing.T) { test(t, startRuntime(t, c.image, c.kind)) })
	}
}

func TestColabConnects(t *testing.T) {
	eachRuntime(t, func(t *testing.T, s server) {
		p := openPage(t, colabs, browser.PermissionSettingGranted)
		for _, base := range []string{s.base(), fmt.Sprintf("http://127.0.0.1:%d", s.port)} {
			var done []string
			for _, r := range p.connect(base, s.token) {
				done = append(done, r.Step)
				if !r.OK {
					t.Errorf("%s: %s: %s", base, r.Step, r.Got)
				}
				if r.Step == "cell" && r.Got != s.name {
					t.Errorf("%s: the cell ran in %q, not in %s", base, r.Got, s.name)
				}
			}
			if !slices.Equal(done, steps) {
				t.Errorf("%s: the page did %v", base, done)
			}
		}
		s.leftNothing(t)
	})
}

// TestPermissionWithheld shows the failure that the check's advice about the
// browser is for.
func TestPermissionWithheld(t *testing.T) {
	eachRuntime(t, func(t *testing.T, s server) {
		for _, setting := range []browser.PermissionSetting{browser.PermissionSettingDenied, browser.PermissionSettingPrompt} {
			t.Run(setting.String(), func(t *testing.T) {
				p := openPage(t, colabs, setting)
				wantNothing(t, p.connect(s.base(), s.token))
				t.Logf("the browser's console:\n%s", p.console())
				if !strings.Contains(p.console(), "loopback") {
					t.Error("the console does not name the permission")
				}
			})
		}
		s.leftNothing(t)
	})
}

// wantNothing fails the test unless each request of the page was kept from it.
func wantNothing(t *testing.T, results []result) {
	t.Helper()
	if len(results) < 7 {
		t.Errorf("the page did no more than %v", results)
	}
	for _, r := range results {
		want := "TypeError: Failed to fetch"
		if r.Step == "websocket" {
			want = "the WebSocket could not be opened"
		}
		if r.OK || r.Got != want {
			t.Errorf("%s: %v %s", r.Step, r.OK, r.Got)
		}
	}
}

// TestOtherPagesGetNothing has a page of another origin that somehow knows the
// token: it can read nothing. A WebSocket has no such guard, and the token alone
// keeps it shut.
func TestOtherPagesGetNothing(t *testing.T) {
	eachRuntime(t, func(t *testing.T, s server) {
		p := openPage(t, evils, browser.PermissionSettingGranted)
		wantNothing(t, p.evaluate("connect", s.base(), s.token, map[string]string{"socketToken": "wrong"}))
		if console := p.console(); !strings.Contains(console, "Access-Control-Allow-Origin") || strings.Contains(console, "loopback") {
			t.Errorf("it was kept out by something else:\n%s", console)
		}
		s.leftNothing(t)
	})
}

// TestDocumentedOptionsFail shows what our settings cure: the options that
// Google's instructions have are not enough.
func TestDocumentedOptionsFail(t *testing.T) {
	for name, c := range map[string]struct{ image, got, logged string }{
		"notebook6": {bed.Notebook6, "404", "404"},
		"server2":   {bed.Server2, "TypeError: Failed to fetch", "No 'Access-Control-Allow-Origin' header"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startDocumented(t, c.image)
			p := openPage(t, colabs, browser.PermissionSettingGranted)
			results := p.connect(s.base(), s.token)
			t.Logf("%v\nthe browser's console:\n%s", results, p.console())
			if first := results[0]; first.Step != "build-info" || first.OK || first.Got != c.got {
				t.Errorf("Colab's first request came to %v", first)
			}
			if !strings.Contains(p.console(), c.logged) {
				t.Errorf("the console does not say %q", c.logged)
			}
		})
	}
}
