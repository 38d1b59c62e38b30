//go:build !windows && !darwin

package tray

import (
	"image"
	"image/color"
	"image/png"
	"io"

	"colabtray/assets"
)

// The toolkit takes the low byte of each 16-bit channel for the high one
// (argbForImage in fyne.io/systray v1.12.2). That is the same only for opaque
// pixels: the smooth edge of an icon would become a fringe of random colours.
// It decodes icons with the package image, though, and that lets us have a
// format of our own: PNG behind this word, decoded into colours whose bytes are
// the ones that belong on the bus, with alpha apart.
const wordBeforePNG = "colab-tray icon "

func init() {
	image.RegisterFormat("colab-tray-icon", wordBeforePNG, decodeIcon, func(io.Reader) (image.Config, error) {
		return image.Config{}, image.ErrFormat // nobody asks
	})
}

// iconBytes is the icon of a state as the toolkit takes it.
func iconBytes(state assets.State, style assets.Style) []byte {
	return append([]byte(wordBeforePNG), assets.Icon(state, style)...)
}

func decodeIcon(r io.Reader) (image.Image, error) {
	if _, err := io.CopyN(io.Discard, r, int64(len(wordBeforePNG))); err != nil {
		return nil, err
	}
	picture, err := png.Decode(r)
	return busPicture{picture}, err
}

// busPicture is a picture with busColors.
type busPicture struct{ image.Image }

// At returns the colour of a pixel.
func (p busPicture) At(x, y int) color.Color {
	return busColor(color.NRGBAModel.Convert(p.Image.At(x, y)).(color.NRGBA))
}

// busColor is a colour as the StatusNotifierItem specification has it: alpha
// is not multiplied into the other channels.
type busColor color.NRGBA

// RGBA returns the channels with two equal bytes each.
func (c busColor) RGBA() (r, g, b, a uint32) {
	return uint32(c.R) * 0x101, uint32(c.G) * 0x101, uint32(c.B) * 0x101, uint32(c.A) * 0x101
}
