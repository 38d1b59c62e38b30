package desktop

import (
	"strings"

	"colabtray/internal/i18n"
)

// NoTrayAdvice says that the desktop of that name, which XDG_CURRENT_DESKTOP holds,
// shows no tray: one line, and what to do about it. One with a tray of the older
// kind, by [HasXEmbedTray], shows none of our icons either.
func NoTrayAdvice(currentDesktop string, xembed bool) (short, hint string) {
	if xembed {
		return i18n.T("desktop.noTray.shortXEmbed"), i18n.T("desktop.noTray.hint", "do", i18n.T("desktop.noTray.xembed"))
	}
	hint = i18n.T("desktop.noTray.other")
	for name := range strings.SplitSeq(currentDesktop, ":") {
		if known := addTray(strings.TrimSuffix(strings.ToLower(name), "-classic")); known != "" {
			hint = known
		}
	}
	return i18n.T("desktop.noTray.short"), i18n.T("desktop.noTray.hint", "do", hint)
}

// addTray says how a desktop gets a tray, by its name in lower case; nothing of
// one that is not known.
func addTray(desktop string) string {
	switch desktop {
	case "gnome":
		return i18n.T("desktop.noTray.gnome")
	case "kde":
		return i18n.T("desktop.noTray.kde")
	case "xfce":
		return i18n.T("desktop.noTray.xfce")
	case "mate":
		return i18n.T("desktop.noTray.mate")
	case "x-cinnamon":
		return i18n.T("desktop.noTray.cinnamon")
	case "lxqt":
		return i18n.T("desktop.noTray.lxqt")
	case "lxde":
		return i18n.T("desktop.noTray.lxde")
	case "budgie":
		return i18n.T("desktop.noTray.budgie")
	case "pantheon":
		return i18n.T("desktop.noTray.pantheon")
	case "sway", "hyprland":
		return i18n.T("desktop.noTray.bar")
	default:
		return ""
	}
}
