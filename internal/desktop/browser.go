package desktop

import "strings"

// The families of browsers whose rules about a local runtime differ.
const (
	BrowserChrome   = "chrome"
	BrowserChromium = "chromium"
	BrowserEdge     = "edge"
	BrowserBrave    = "brave"
	BrowserFirefox  = "firefox"
	BrowserSafari   = "safari"
	BrowserOther    = "other"
)

// families are found in the names that systems give to browsers: desktop
// entries ("google-chrome.desktop", "firefox_firefox.desktop",
// "org.chromium.Chromium.desktop"), programs, and ProgIds of Windows
// ("ChromeHTML", "MSEdgeHTM", "FirefoxURL-308046B0AF4A39CB").
var families = []struct{ part, family string }{
	{"chromium", BrowserChromium}, // before chrome: "chromium-browser" is not Chrome
	{"chrome", BrowserChrome},
	{"edge", BrowserEdge},
	{"brave", BrowserBrave},
	{"firefox", BrowserFirefox},
	{"safari", BrowserSafari},
}

// family returns the family of a browser by what its system calls it, "" for
// an empty name.
func family(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		return ""
	}
	for _, f := range families {
		if strings.Contains(name, f.part) {
			return f.family
		}
	}
	return BrowserOther
}
