package desktop

import "golang.org/x/sys/windows/registry"

// PanelIsLight reports whether the panel with the tray is a light one, and
// whether that is known. On Windows the taskbar has a colour of its own, which
// is not that of the programs.
func PanelIsLight() (light, known bool) {
	key, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return false, false
	}
	defer key.Close()
	value, _, err := key.GetIntegerValue("SystemUsesLightTheme")
	return value != 0, err == nil
}
