package assets

import "embed"

// folder contains the tray icons in the format for this system.
const folder, extension = "ico", ".ico"

//go:embed ico
var icons embed.FS

// AppICO is the application icon in the format of Windows.
//
//go:embed app/app.ico
var AppICO []byte
