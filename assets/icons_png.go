//go:build !windows

package assets

import "embed"

// folder has the tray icons in the format that the system takes.
const folder, extension = "png", ".png"

//go:embed png
var icons embed.FS
