package desktop

import (
	"strings"

	"colabtray/internal/words"
)

// NoTray says that the desktop of that name, which XDG_CURRENT_DESKTOP holds,
// shows no tray: one line, and what to do about it. One with a tray of the older
// kind, by [HasXEmbedTray], shows none of our icons either.
func NoTray(currentDesktop string, xembed bool) (short, hint string) {
	if xembed {
		return words.Say("desktop.noTray.shortXEmbed"), words.Say("desktop.noTray.hint", "do", words.Say("desktop.noTray.xembed"))
	}
	hint = words.Say("desktop.noTray.other")
	for name := range strings.SplitSeq(currentDesktop, ":") {
		if known := addTray(strings.TrimSuffix(strings.ToLower(name), "-classic")); known != "" {
			hint = known
		}
	}
	return words.Say("desktop.noTray.short"), words.Say("desktop.noTray.hint", "do", hint)
}

// addTray says how a desktop gets a tray, by its name in lower case; nothing of
// one that is not known.
func addTray(desktop string) string {
	switch desktop {
	case "gnome":
		return words.Say("desktop.noTray.gnome")
	case "kde":
		return words.Say("desktop.noTray.kde")
	case "xfce":
		return words.Say("desktop.noTray.xfce")
	case "mate":
		return words.Say("desktop.noTray.mate")
	case "x-cinnamon":
		return words.Say("desktop.noTray.cinnamon")
	case "lxqt":
		return words.Say("desktop.noTray.lxqt")
	case "lxde":
		return words.Say("desktop.noTray.lxde")
	case "budgie":
		return words.Say("desktop.noTray.budgie")
	case "pantheon":
		return words.Say("desktop.noTray.pantheon")
	case "sway", "hyprland":
		return words.Say("desktop.noTray.bar")
	default:
		return ""
	}
}
