//go:build windows || (darwin && cgo)

package tray

import (
	"runtime"

	"colabtray/assets"
)

// iconBytes is the icon of a state as the toolkit takes it.
func iconBytes(state assets.State) []byte {
	return assets.Icon(state, assets.Colour.Resolve(runtime.GOOS, assets.UnknownPanel))
}
