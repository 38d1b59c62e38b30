package desktop

import (
	"strings"
	"testing"
	"unicode/utf8"

	"colabtray/internal/i18n"
)

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

func TestNoTray(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for desktop, part := range map[string]string{
		"":                         "StatusNotifierItem",
		"Enlightenment":            "StatusNotifierItem",
		"GNOME":                    "gnome-shell-extension-appindicator",
		"ubuntu:GNOME":             "gnome-shell-extension-appindicator",
		"GNOME-Classic:GNOME":      "gnome-shell-extension-appindicator",
		"KDE":                      "widget System Tray",
		"XFCE":                     "Status Tray Plugin",
		"X-Cinnamon":               "XApp Status",
		"Budgie:GNOME":             "gnome-shell",
		"sway":                     "Waybar",
		"i3 with an XEmbed tray":   "snixembed",
		"LXDE with an XEmbed tray": "snixembed",
	} {
		name, _, xembed := strings.Cut(desktop, " with ")
		short, hint := NoTrayAdvice(name, xembed)
		if !strings.Contains(hint, part) || !strings.HasSuffix(hint, "The icon appears by itself then.") || len(hint) > 200 || short == "" {
			t.Errorf("%q: %q of %d bytes has no %q", desktop, hint, len(hint), part)
		}
		for _, language := range i18n.Languages()[1:] {
			i18n.Use(language)
			end := i18n.T("desktop.noTray.hint", "do", "")
			if _, other := NoTrayAdvice(name, xembed); other == hint || !strings.HasSuffix(other, end) || utf8.RuneCountInString(other) > 200 {
				t.Errorf("%q: in %s %q of %d bytes", desktop, language, other, len(other))
			}
		}
		i18n.Use(i18n.English)
	}
}
