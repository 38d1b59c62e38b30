//go:build cgo

package tray

// clickActs tells whether a click on the icon does the primary action. On macOS every
// click opens the menu, as people expect of the menu bar.
const clickActs = false
