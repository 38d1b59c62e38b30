package desktop

import (
	"strings"

	"colabtray/internal/i18n"
)

// NoTrayAdvice returns the message that the desktop shows no tray icons: one line, and
// what to do about it. currentDesktop is the value of XDG_CURRENT_DESKTOP. xembed tells
// that the desktop has a tray of the older kind, see [HasXEmbedTray], which does not
// show our icon either.
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

// addTray returns how to add a tray to a desktop, by its name in lower case, "" for an
// unknown desktop.
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
