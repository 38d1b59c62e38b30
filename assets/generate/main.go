// Command generate renders the PNG and ICO files of package assets from their SVG
// sources. It must run in the directory of that package: `go generate ./assets`.
package main

import (
	"image/color"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Sizes in pixels.
var (
	// traySize can be scaled down to 16 and 24 px without blur.
	traySize = 48
	// icoSizes are the sizes that Windows asks for at 100 to 300 % scaling. All are
	// written as 32-bit bitmaps, which every version of LoadImage can read.
	icoSizes = []int{16, 20, 24, 32, 48}
	// appSizes are the sizes of the hicolor icon theme.
	appSizes = []int{16, 22, 24, 32, 48, 64, 128, 256, 512}
	// installerSizes are those of the icon of the installer for Windows.
	installerSizes = []int{16, 24, 32, 48}
)

// styles are the colours of the icons with a single colour, by the name of their
// folder. Such an icon leaves out the edge and everything below the edge, and draws
// the rest of its source in that colour.
var styles = map[string]color.NRGBA{
	"light": {0xf4, 0xf7, 0xfa, 0xff},
	"dark":  {0x1b, 0x24, 0x2c, 0xff},
}

// edge is the colour of the edge in the sources.
const edge = "#12202b"

// states are the names of the SVG files with a tray icon.
var states = []string{"no-engine", "stopped", "busy", "ready", "paused", "problem"}

func main() {
	log.SetFlags(0)
	files, err := generate(os.DirFS("svg"))
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(name, files[name], 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
