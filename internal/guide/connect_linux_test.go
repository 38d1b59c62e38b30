package guide

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"colabtray/internal/config"
)

// TestConnectInBrowser looks at what the page "Connect" says, keeps the Backend URL and
// has the steps fold away.
func TestConnectInBrowser(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	w.turnTo("steps")
	w.wait("the default browser", `document.getElementById("browser-you").textContent.startsWith("Your default browser is Firefox. You are looking at this page with Chrom")`)
	if got := w.text("browser-text"); !strings.HasPrefix(got, "It may ask") {
		t.Errorf("of Firefox the page says %q", got)
	}
	if got := w.text("browser-others"); strings.Contains(got, "Firefox") || !strings.Contains(got, "Safari lets no page") {
		t.Errorf("of other browsers the page says %q", got)
	}
	if got := w.text("connect-notice"); got != "This computer is a test." {
		t.Errorf("of this computer the page says %q", got)
	}
	for call, want := range map[string]string{
		`asks("chrome", 141)`: "nothing", `asks("edge", 144)`: "network", `asks("chromium", 145)`: "chrome", `asks("edge", 0)`: "edge", `asks("firefox", 141)`: "firefox",
		`called("chrome", 156)`: "Chrome 156", `called("brave", 0)`: "Brave",
	} {
		if got := value[string](w, call); got != want {
			t.Errorf("%s is %q, not %q", call, got, want)
		}
	}
	w.wait("this browser's version", `/ \d{3}\b/.test(document.getElementById("browser-you").textContent)`)
	if want, got := fmt.Sprintf("http://localhost:%d/?token=…", r.profile.Port), w.text("draw-url"); got != want {
		t.Errorf("in the drawing is %q, not %q", got, want)
	}
	if !value[bool](w, `!!(document.getElementById("security").compareDocumentPosition(document.getElementById("steps")) & Node.DOCUMENT_POSITION_FOLLOWING)`) {
		t.Error("the steps are before security")
	}

	keeps := func(want config.TokenPolicy) {
		t.Helper()
		w.click("keep-url")
		w.wait("the choice", fmt.Sprintf(`document.getElementById("again").hidden === %t && document.getElementById("keep-note").textContent.includes("next start")`, want == config.TokenKeep))
		if keeps := r.Connecting.KeepsToken(); keeps != (want == config.TokenKeep) {
			t.Errorf("that the token is kept is %t in the settings", keeps)
		}
	}
	keeps(config.TokenKeep)
	keeps(config.TokenFresh)
	w.pictures("connect")

	again := func() {
		t.Helper()
		w.turnTo("status")
		w.turnTo("steps")
	}
	if open := value[bool](w, `document.getElementById("steps-box").open`); !open {
		t.Error("the steps are folded before they were done")
	}
	r.connected.Store(true)
	again()
	folded := `!document.getElementById("steps-box").open && !document.getElementById("steps-done").hidden`
	w.wait("folded steps", folded)
	w.pictures("connect-folded")
	w.do("open them", chromedp.Click("#steps-box summary"))
	again()
	w.wait("the answer", `document.getElementById("steps-box").open`)
	w.do("reload", chromedp.Reload())
	w.wait("folded steps again", folded)
}

// TestKeepURL: what is no choice changes nothing.
func TestKeepURL(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	for _, query := range []string{"?on=true", "?on=perhaps", ""} {
		response, body := guest.ask("POST", origin+"/connect/keep"+query, "Origin", origin, header, "1")
		wantStatus(t, query, response, http.StatusOK)
		if !strings.Contains(body, `"keepsURL":true`) || strings.Contains(body, "wrong") != (query != "?on=true") {
			t.Errorf("%q is answered with %s", query, body)
		}
	}
}
