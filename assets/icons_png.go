//go:build !windows

package assets

import "embed"

// folder contains the tray icons in the format for this system.
const folder, extension = "png", ".png"

//go:embed png
var icons embed.FS
