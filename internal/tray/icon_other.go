//go:build windows || (darwin && cgo)

package tray

import "colabtray/assets"

// iconBytes returns the icon of a state in the toolkit's format.
func iconBytes(state assets.State, style assets.Style) []byte { return assets.Icon(state, style) }
