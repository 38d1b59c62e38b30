package main

import (
	"bytes"
	"image"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path"
	"slices"
	"testing"

	"github.com/sergeymakinen/go-ico"
)

// folder is package assets, seen from here.
var folder = os.DirFS("..")

func sources(t *testing.T) fs.FS {
	t.Helper()
	svg, err := fs.Sub(folder, "svg")
	if err != nil {
		t.Fatal(err)
	}
	return svg
}

// TestFilesAreCurrent makes every file anew and compares its pictures with
// those of the one that is checked in; a file that no source makes is told too.
func TestFilesAreCurrent(t *testing.T) {
	want, err := generate(sources(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range want {
		got, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Errorf("%v; run `go generate ./assets`", err)
		} else if !samePictures(decode(t, name, got), decode(t, name, content)) {
			t.Errorf("assets/%s is not what the SVG files make; run `go generate ./assets`", name)
		}
	}
	for _, pattern := range []string{"png/*", "ico/*", "app/*"} {
		names, err := fs.Glob(folder, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if want[name] == nil {
				t.Errorf("assets/%s is made by no source", name)
			}
		}
	}
}

func decode(t *testing.T, name string, content []byte) []image.Image {
	t.Helper()
	var images []image.Image
	var err error
	if path.Ext(name) == ".ico" {
		images, err = ico.DecodeAll(bytes.NewReader(content))
	} else {
		images = make([]image.Image, 1)
		images[0], err = png.Decode(bytes.NewReader(content))
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return images
}

// samePictures compares pixels and not bytes: the next Go may compress
// otherwise, and other processors round otherwise in the last bit.
func samePictures(a, b []image.Image) bool {
	const lastBit = 0x101 // of a channel of 8 bits, in the 16 bits that RGBA returns
	differ := func(x, y uint32) bool { return max(x, y)-min(x, y) > lastBit }
	return slices.EqualFunc(a, b, func(a, b image.Image) bool {
		if a.Bounds() != b.Bounds() {
			return false
		}
		for y := range a.Bounds().Dy() {
			for x := range a.Bounds().Dx() {
				r1, g1, b1, a1 := a.At(x, y).RGBA()
				r2, g2, b2, a2 := b.At(x, y).RGBA()
				if differ(r1, r2) || differ(g1, g2) || differ(b1, b2) || differ(a1, a2) {
					return false
				}
			}
		}
		return true
	})
}

// TestWindowsSizes reads the ICO files back: each size once, none of them as
// an embedded PNG, which leaves the slot in the taskbar empty.
func TestWindowsSizes(t *testing.T) {
	for _, state := range states {
		data, err := fs.ReadFile(folder, "ico/"+state+".ico")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("\x89PNG")) {
			t.Errorf("%s.ico has an embedded PNG", state)
		}
		images, err := ico.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s.ico: %v", state, err)
		}
		if len(images) != len(icoSizes) {
			t.Fatalf("%s.ico has %d images, want %d", state, len(images), len(icoSizes))
		}
		for i, img := range images {
			if got := img.Bounds().Dx(); got != icoSizes[i] {
				t.Errorf("%s.ico: image %d is %d px wide, want %d", state, i, got, icoSizes[i])
			}
		}
	}
}

// smallest is the size in pixels at which the icons must be told apart.
const smallest = 16

func renderAll(t *testing.T) map[string]*image.NRGBA {
	t.Helper()
	images := map[string]*image.NRGBA{}
	for _, state := range states {
		source, err := fs.ReadFile(sources(t), state+".svg")
		if err != nil {
			t.Fatal(err)
		}
		if images[state], err = render(source, smallest); err != nil {
			t.Fatal(err)
		}
	}
	return images
}

// TestShapesDiffer holds that the icons are told apart at 16 px by their
// silhouettes alone: no two share all but a few pixels of what either covers.
func TestShapesDiffer(t *testing.T) {
	const leastPixels = 16 // of 256; a glyph covers about 50
	covers := func(img *image.NRGBA, x, y int) bool { return img.NRGBAAt(x, y).A >= 128 }
	images := renderAll(t)
	for i, a := range states {
		for _, b := range states[i+1:] {
			different := 0
			for y := range smallest {
				for x := range smallest {
					if covers(images[a], x, y) != covers(images[b], x, y) {
						different++
					}
				}
			}
			t.Logf("%s and %s: %d pixels", a, b, different)
			if different < leastPixels {
				t.Errorf("%s and %s differ in %d pixels at %d px, want %d at least", a, b, different, smallest, leastPixels)
			}
		}
	}
}

// TestContrast holds that enough of each icon stands out from a black and from
// a white panel by 3:1, what WCAG 2.2 asks of graphics (criterion 1.4.11).
func TestContrast(t *testing.T) {
	const leastPixels = 30 // of 256
	for state, img := range renderAll(t) {
		for panel, ground := range map[string]float64{"black": 0, "white": 1} {
			visible := 0
			for y := range smallest {
				for x := range smallest {
					if contrast(luminanceOver(img, x, y, ground), ground) >= 3 {
						visible++
					}
				}
			}
			t.Logf("%s on %s: %d pixels", state, panel, visible)
			if visible < leastPixels {
				t.Errorf("%s on a %s panel: %d pixels stand out, want %d at least", state, panel, visible, leastPixels)
			}
		}
	}
}

// luminanceOver returns the relative luminance (0 to 1) of a pixel on a grey
// ground, whose sRGB value is 0 (black) to 1 (white).
func luminanceOver(img *image.NRGBA, x, y int, ground float64) float64 {
	c := img.NRGBAAt(x, y)
	alpha := float64(c.A) / 255
	linear := func(v uint8) float64 {
		s := alpha*float64(v)/255 + (1-alpha)*ground
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// contrast returns the contrast ratio of two luminances, 1 to 21.
func contrast(a, b float64) float64 {
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}
