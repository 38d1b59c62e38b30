// Command hello is the smallest possible tray program, for comparison.
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
