package assets

import "embed"

// folder has the tray icons in the format that the system takes.
const folder, extension = "ico", ".ico"

//go:embed ico
var icons embed.FS
