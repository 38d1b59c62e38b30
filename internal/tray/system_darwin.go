package tray

const (
	// accessKey marks the letter that chooses a row of a menu; there is none.
	accessKey = ""
	// clickActs tells that a click on the icon does the primary action. Here
	// every click opens the menu, as people expect of the menu bar.
	clickActs = false
)
