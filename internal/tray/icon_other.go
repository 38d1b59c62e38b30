//go:build windows || (darwin && cgo)

package tray

import "colabtray/assets"

// iconBytes is the icon of a state as the toolkit takes it.
func iconBytes(state assets.State, style assets.Style) []byte { return assets.Icon(state, style) }
