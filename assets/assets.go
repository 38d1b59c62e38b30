// Package assets owns the program's pictures: the tray icon of each state and
// the application icon, drawn in svg/, made into PNG and ICO by the command in
// generate/ and embedded.
//
// It does not own which state of a runtime is shown by which icon: it imports
// no other package of the project.
package assets

import (
	_ "embed"
	"path"
)

//go:generate go run ./generate

// State is what a tray icon tells. The icons differ by shape, so that nobody
// needs to see their colours.
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

// names are those of the files with the icon of a state.
var names = [...]string{NoEngine: "no-engine", Stopped: "stopped", Busy: "busy", Ready: "ready", Paused: "paused", Problem: "problem"}

// Style is how the tray icons look, as the settings call it.
type Style string

// The styles. Auto is one of the others; see [Style.Resolve].
const (
	Auto   Style = "auto"
	Colour Style = "colour" // with a dark edge: to be seen on panels of any colour
	Light  Style = "light"  // in white, for dark panels
	Dark   Style = "dark"   // in black, for light panels
)

// Panel is what is known of the colour of the panel that icons are on.
type Panel uint8

// What can be known of a panel.
const (
	UnknownPanel Panel = iota
	DarkPanel
	LightPanel
)

// Resolve returns the style that is meant: Colour, Light or Dark. Auto is the
// one that suits the panel, and on one of unknown colour Colour, which suits
// all. macOS (the system "darwin") takes only the shape of an icon and paints
// it itself; the edge would be in its way.
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

// Icon returns the tray icon of the state in the format that the operating
// system's tray takes: ICO with sizes from 16 to 48 px on Windows, PNG of
// 48 px elsewhere. A state without an icon gets that of Problem, and a style
// that is not resolved Colour.
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
		panic(err) // it is embedded
	}
	return picture
}

//go:embed app/128.png
var app []byte

// AppIcon returns the application icon as a PNG of 128 px, for notifications.
// The bytes must not be changed.
func AppIcon() []byte { return app }
