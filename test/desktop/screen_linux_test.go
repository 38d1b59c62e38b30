package desktop

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"

	"colabtray/assets"

	scaling "golang.org/x/image/draw"
)

// TestFindIcon holds that no icon is taken for another one, nor for that of the
// application, on light panels and on dark ones.
func TestFindIcon(t *testing.T) {
	const application = assets.State(100)
	for _, panel := range []color.Color{color.White, color.Gray{0x28}} {
		for _, state := range []assets.State{assets.NoEngine, assets.Stopped, assets.Busy, assets.Ready, assets.Paused, assets.Problem, application} {
			encoded := assets.AppIcon()
			if state != application {
				encoded = assets.Icon(state, assets.Colour)
			}
			icon, err := png.Decode(bytes.NewReader(encoded))
			if err != nil {
				t.Fatal(err)
			}
			picture := image.NewRGBA(image.Rect(0, 0, 60, panelHeight))
			draw.Draw(picture, picture.Rect, image.NewUniform(panel), image.Point{}, draw.Src)
			place := image.Rect(30, 10, 46, 26)
			scaling.ApproxBiLinear.Scale(picture, place, icon, icon.Bounds(), draw.Over, nil)

			where, found, is := FindIcon(picture)
			if is != (state != application) || is && (found != state || where != place) {
				t.Errorf("on %v the icon %d is taken for %d at %v (%t)", panel, state, found, where, is)
			}
			if ShowsApp(picture) != (state == application) {
				t.Errorf("on %v the icon %d is taken for the application's, or not", panel, state)
			}
		}
	}
}
