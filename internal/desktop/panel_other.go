//go:build !windows

package desktop

// PanelIsLight reports whether the panel with the tray is light, and whether that is
// known. It is never known here: a panel can have any colour, and does not tell it.
func PanelIsLight() (light, known bool) { return false, false }
