package desktop

import "golang.org/x/sys/windows/registry"

// PanelIsLight reports whether the panel with the tray is light, and whether that is
// known. On Windows the taskbar has a theme of its own, besides that of programs.
func PanelIsLight() (light, known bool) {
	key, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return false, false
	}
	defer key.Close()
	value, _, err := key.GetIntegerValue("SystemUsesLightTheme")
	return value != 0, err == nil
}
