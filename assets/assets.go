// Package assets owns the program's pictures: the tray icon of each state and the
// application icon. Their sources are in svg/; the command in generate/ renders them
// as PNG and ICO, which are embedded.
//
// It does not own which icon a state of a runtime gets. It imports no other package
// of the project.
package assets

import (
	_ "embed"
	"path"
)

//go:generate go run ./generate

// State is what a tray icon shows. The icons differ by shape, so that they can be told
// apart without colours.
type State uint8

// The states that have an icon.
const (
	NoEngine State = iota // an empty tray, crossed out
	Stopped               // a square, as on a stop button
	Busy                  // an hourglass
	Ready                 // a prompt that waits for input
	Paused                // two bars, as on a pause button
	Problem               // an exclamation mark
)

// names are the file names of the icons, without extension.
var names = [...]string{NoEngine: "no-engine", Stopped: "stopped", Busy: "busy", Ready: "ready", Paused: "paused", Problem: "problem"}

// Style is the look of the tray icons, by its name in the settings.
type Style string

// The styles. Auto is one of the others; see [Style.Resolve].
const (
	Auto   Style = "auto"
	Colour Style = "colour" // with a dark edge, for panels of any colour
	Light  Style = "light"  // in white, for dark panels
	Dark   Style = "dark"   // in black, for light panels
)

// Panel is what is known about the colour of the panel that shows the icons.
type Panel uint8

// The kinds of panels.
const (
	UnknownPanel Panel = iota
	DarkPanel
	LightPanel
)

// Resolve returns the style to draw: Colour, Light or Dark. Auto becomes the style that
// suits the panel, or Colour, which suits all, if the colour of the panel is not known.
// On macOS (system is a GOOS, "darwin") the result is always Dark: macOS takes only the
// shape of an icon and paints it itself, and an edge would spoil that shape.
func (s Style) Resolve(system string, panel Panel) Style {
	switch {
	case system == "darwin":
		return Dark
	case s == Light, s == Dark, s == Colour:
		return s
	case panel == DarkPanel:
		return Light
	case panel == LightPanel:
		return Dark
	default:
		return Colour
	}
}

// Icon returns the tray icon of a state in the format of the operating system: ICO
// with sizes from 16 to 48 px on Windows, PNG of 48 px elsewhere. An unknown state gets
// the icon of Problem. A style other than Light and Dark counts as Colour.
func Icon(s State, style Style) []byte {
	if int(s) >= len(names) {
		s = Problem
	}
	dir := folder
	if style == Light || style == Dark {
		dir = path.Join(folder, string(style))
	}
	picture, err := icons.ReadFile(path.Join(dir, names[s]+extension))
	if err != nil {
		panic(err) // cannot happen: the file is embedded
	}
	return picture
}

//go:embed app/128.png
var app []byte

// AppIcon returns the application icon as a PNG of 128 px, for notifications. The
// caller must not change the bytes.
func AppIcon() []byte { return app }
