package desktop

import "testing"

func TestFamily(t *testing.T) {
	for name, want := range map[string]string{
		"":                              "",
		"\n":                            "",
		"google-chrome.desktop\n":       BrowserChrome,
		"com.google.Chrome.desktop":     BrowserChrome,
		"ChromeHTML":                    BrowserChrome,
		"chromium.desktop":              BrowserChromium,
		"chromium-browser.desktop":      BrowserChromium,
		"org.chromium.Chromium.desktop": BrowserChromium,
		"ChromiumHTM.ABC":               BrowserChromium,
		"microsoft-edge.desktop":        BrowserEdge,
		"MSEdgeHTM":                     BrowserEdge,
		"brave-browser.desktop":         BrowserBrave,
		"BraveHTML":                     BrowserBrave,
		"firefox-esr.desktop":           BrowserFirefox,
		"FirefoxURL-308046B0AF4A39CB":   BrowserFirefox,
		"com.apple.safari":              BrowserSafari,
		"org.gnome.Epiphany.desktop":    BrowserOther,
		"OperaStable":                   BrowserOther,
	} {
		if got := family(name); got != want {
			t.Errorf("family(%q) = %q, want %q", name, got, want)
		}
	}
}
