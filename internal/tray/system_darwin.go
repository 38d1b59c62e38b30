package tray

const (
	// accessKey marks the letter that chooses a row of a menu; macOS has none.
	accessKey = ""
	// clickActs tells whether a click on the icon does the primary action. On
	// macOS every click opens the menu, as people expect of the menu bar.
	clickActs = false
)
