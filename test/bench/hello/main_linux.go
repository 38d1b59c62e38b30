// Command hello is the smallest tray program there is, to compare with.
package main

import (
	"fyne.io/systray"

	"colabtray/assets"
)

func main() {
	systray.Run(func() {
		systray.SetIcon(assets.Icon(assets.Stopped, assets.Colour))
		systray.AddMenuItem("Hello", "")
	}, nil)
}
