//go:build !windows && !darwin

package tray

const (
	// accessKey marks the letter that chooses a row of a menu.
	accessKey = "_"
	// clickActs tells whether a click on the icon does the primary action; the
	// menu is on the other mouse button.
	clickActs = true
)
