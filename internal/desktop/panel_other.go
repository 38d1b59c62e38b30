//go:build !windows

package desktop

// PanelIsLight reports whether the panel with the tray is a light one, and
// whether that is known. It is not here: panels have any colour and tell it to
// nobody.
func PanelIsLight() (light, known bool) { return false, false }
