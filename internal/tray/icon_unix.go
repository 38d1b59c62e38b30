//go:build !windows && !darwin

package tray

import (
	"image"
	"image/color"
	"image/png"
	"io"

	"colabtray/assets"
)

// formatPrefix marks an image format of our own: a PNG behind these bytes. The
// toolkit takes the low byte of each 16-bit channel instead of the high one
// (argbForImage in fyne.io/systray v1.12.2). Both are equal only for opaque pixels:
// the smooth edge of an icon would become a fringe of random colours. The toolkit
// decodes icons with the package image, and so our decoder can return colours whose
// two bytes are equal, and which are not multiplied by alpha.
const formatPrefix = "colab-tray icon "

func init() {
	image.RegisterFormat("colab-tray-icon", formatPrefix, decodeIcon, func(io.Reader) (image.Config, error) {
		return image.Config{}, image.ErrFormat // the toolkit never calls this
	})
}

// iconBytes returns the icon of a state in the toolkit's format.
func iconBytes(state assets.State, style assets.Style) []byte {
	return append([]byte(formatPrefix), assets.Icon(state, style)...)
}

func decodeIcon(r io.Reader) (image.Image, error) {
	if _, err := io.CopyN(io.Discard, r, int64(len(formatPrefix))); err != nil {
		return nil, err
	}
	picture, err := png.Decode(r)
	return busPicture{picture}, err
}

// busPicture is a picture with busColors.
type busPicture struct{ image.Image }

// At returns the colour of the pixel at (x, y) as a busColor.
func (p busPicture) At(x, y int) color.Color {
	return busColor(color.NRGBAModel.Convert(p.Image.At(x, y)).(color.NRGBA))
}

// busColor is a colour as the StatusNotifierItem specification defines it: the
// other channels are not multiplied by alpha.
type busColor color.NRGBA

// RGBA returns the channels, 0 to 0xffff, with two equal bytes each.
func (c busColor) RGBA() (r, g, b, a uint32) {
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, uint32(c.A) * 0x101
}
