package desktop

import "strings"

// The families of browsers, which differ in how they treat a local runtime.
const (
	BrowserChrome   = "chrome"
	BrowserChromium = "chromium"
	BrowserEdge     = "edge"
	BrowserBrave    = "brave"
	BrowserFirefox  = "firefox"
	BrowserSafari   = "safari"
	BrowserOther    = "other"
)

// families maps parts of the names that systems give to browsers to families. Such
// names are desktop entries ("google-chrome.desktop", "firefox_firefox.desktop",
// "org.chromium.Chromium.desktop"), programs, and ProgIds of Windows ("ChromeHTML",
// "MSEdgeHTM", "FirefoxURL-308046B0AF4A39CB"). The first part that is found counts.
var families = []struct{ part, family string }{
	{"chromium", BrowserChromium}, // before chrome: "chromium-browser" is not Chrome
	{"chrome", BrowserChrome},
	{"edge", BrowserEdge},
	{"brave", BrowserBrave},
	{"firefox", BrowserFirefox},
	{"safari", BrowserSafari},
}

// family returns the family of a browser by its name in the system, "" for an empty
// name.
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
