// Package assets owns the program's pictures: the tray icon of each state and
// the application icon, drawn in svg/, made into PNG and ICO by the command in
// generate/ and embedded.
//
// It does not own which state of a runtime is shown by which icon: it imports
// no other package of the project.
package assets

import _ "embed"

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
	Problem               // an exclamation mark
)

// Icon returns the tray icon of the state in the format that the operating
// system's tray takes: ICO with sizes from 16 to 48 px on Windows, PNG of
// 48 px elsewhere. A state without an icon gets that of Problem. The bytes
// must not be changed.
func Icon(s State) []byte {
	switch s {
	case NoEngine:
		return noEngine
	case Stopped:
		return stopped
	case Busy:
		return busy
	case Ready:
		return ready
	default:
		return problem
	}
}

//go:embed app/128.png
var app []byte

// AppIcon returns the application icon as a PNG of 128 px, for notifications.
// The bytes must not be changed.
func AppIcon() []byte { return app }
