package colabpage

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"

	"colabtray/internal/config"
	"colabtray/test/testenv"
)

// steps are those of a page that connects, in their order.
var steps = []string{"build-info", "kernelspecs", "sessions", "kernels", "contents", "kernel", "websocket", "cell", "shutdown"}

// TestPages has each page that wants in ask the same runtime, one of each kind, as
// the program starts it.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, image string
		kind        config.Kind
	}{
		{"notebook6", testenv.Notebook6, config.KindJupyter},
		{"server2", testenv.Server2, config.KindJupyter},
		{"colab", testenv.Colab, config.KindColab},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startRuntime(t, c.image, c.kind)
			for _, test := range []struct {
				name string
				run  func(*testing.T, server)
			}{
				{"Colab's page connects", colabConnects},
				{"permission denied", func(t *testing.T, s server) { permissionWithheld(t, s, browser.PermissionSettingDenied) }},
				{"permission not yet given", func(t *testing.T, s server) { permissionWithheld(t, s, browser.PermissionSettingPrompt) }},
				{"another page", otherPagesGetNothing},
			} {
				t.Run(test.name, func(t *testing.T) {
					test.run(t, s)
					s.leftNothing(t)
				})
			}
		})
	}
}

func colabConnects(t *testing.T, s server) {
	p := openPage(t, colabOrigin, browser.PermissionSettingGranted, s)
	for _, base := range []string{s.base(), fmt.Sprintf("http://127.0.0.1:%d", s.port)} {
		p.connects(t, s, base)
	}
}

// permissionWithheld shows the failure that the check's advice about the browser
// is for.
func permissionWithheld(t *testing.T, s server, setting browser.PermissionSetting) {
	p := openPage(t, colabOrigin, setting, s)
	wantNothing(t, p.connect(s.base(), s.token))
	for _, said := range []string{
		"Permission was denied for this request to access the `loopback` address space.",
		"net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS", // of the WebSocket
	} {
		if !strings.Contains(p.console(), said) {
			t.Errorf("the console does not say %q", said)
		}
	}
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

// otherPagesGetNothing has a page of another origin that somehow knows the token:
// it can read nothing. A WebSocket has no such guard, and the token alone keeps it
// shut.
func otherPagesGetNothing(t *testing.T, s server) {
	p := openPage(t, foreignOrigin, browser.PermissionSettingGranted, s)
	wantNothing(t, p.evaluate("connect", s.base(), s.token, map[string]string{"socketToken": "wrong"}))
	if console := p.console(); !strings.Contains(console, "Access-Control-Allow-Origin") || strings.Contains(console, "loopback") {
		t.Errorf("it was kept out by something else:\n%s", console)
	}
}

// TestDocumentedOptionsFail shows what our settings cure: with the options that
// Google's instructions have, Jupyter lets the page ask for all that it knows,
// and Colab's first request is not of that.
func TestDocumentedOptionsFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ image, logged string }{
		"notebook6": {testenv.Notebook6, "build-info' from origin 'https://colab.research.google.com' has been blocked by CORS policy: " +
			"Response to preflight request doesn't pass access control check: It does not have HTTP ok status"},
		"server2": {testenv.Server2, "build-info' from origin 'https://colab.research.google.com' has been blocked by CORS policy: " +
			"Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin' header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startDocumented(t, c.image)
			p := openPage(t, colabOrigin, browser.PermissionSettingGranted, s)
			for _, r := range p.connect(s.base(), s.token) {
				cured := r.Step == "build-info" || r.Step == "contents"
				if r.OK == cured {
					t.Errorf("%s: %v %s", r.Step, r.OK, r.Got)
				}
				if r.Step == "build-info" && r.Got != "TypeError: Failed to fetch" {
					t.Errorf("%s: %s", r.Step, r.Got)
				}
			}
			console := tokens.ReplaceAllString(p.console(), "")
			if !strings.Contains(console, c.logged) {
				t.Errorf("the console does not say %q, but\n%s", c.logged, console)
			}
			s.leftNothing(t)
		})
	}
}

// tokens are those in what the browser says of addresses.
var tokens = regexp.MustCompile(`\?token=[\w-]+`)
