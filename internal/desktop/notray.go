package desktop

import "strings"

// noTray says how a desktop gets a tray, by its name in XDG_CURRENT_DESKTOP.
var noTray = []struct{ desktop, hint string }{
	{"GNOME", "GNOME has none of its own: install the extension AppIndicator (package gnome-shell-extension-appindicator), log in again and switch it on."},
	{"KDE", "Add the widget System Tray to a panel."},
	{"XFCE", "Add the Status Tray Plugin to the panel."},
	{"MATE", "Add the Notification Area to the panel."},
	{"X-Cinnamon", "Add the applet XApp Status to the panel."},
	{"LXQt", "Add the plugin Status Notifier to the panel."},
	{"LXDE", "Add the System Tray to the panel."},
	{"Budgie", "Add the applet System Tray to the panel."},
	{"Pantheon", "Install the package wingpanel-indicator-ayatana, and log in again."},
	{"sway", "Start a bar with a tray: Waybar with its module tray, for example."},
	{"Hyprland", "Start a bar with a tray: Waybar with its module tray, for example."},
}

// NoTray says that the desktop of that name, which XDG_CURRENT_DESKTOP holds,
// shows no tray: one line, and what to do about it.
func NoTray(currentDesktop string) (short, hint string) {
	hint = "Add a tray for status icons (StatusNotifierItem) to the panel."
	for name := range strings.SplitSeq(currentDesktop, ":") {
		for _, known := range noTray {
			if strings.EqualFold(name, known.desktop) || strings.EqualFold(name, known.desktop+"-Classic") {
				hint = known.hint
			}
		}
	}
	return "This desktop shows no tray", hint + " The icon appears by itself then."
}
