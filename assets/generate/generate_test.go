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
	for _, pattern := range []string{"png/*.*", "png/*/*", "ico/*.*", "ico/*/*", "app/*"} {
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
	names, err := fs.Glob(folder, "ico/*.ico")
	if err != nil {
		t.Fatal(err)
	}
	more, err := fs.Glob(folder, "ico/*/*.ico")
	if names = append(names, more...); err != nil || len(names) != len(states)*(1+len(styles)) {
		t.Fatalf("there are %d files, %v", len(names), err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("\x89PNG")) {
			t.Errorf("%s has an embedded PNG", name)
		}
		images, err := ico.DecodeAll(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(images) != len(icoSizes) {
			t.Fatalf("%s has %d images, want %d", name, len(images), len(icoSizes))
		}
		for i, img := range images {
			if got := img.Bounds().Dx(); got != icoSizes[i] {
				t.Errorf("%s: image %d is %d px wide, want %d", name, i, got, icoSizes[i])
			}
		}
	}
}

// smallest is the size in pixels at which the icons must be told apart.
const smallest = 16

// renderAll draws the icons of each state at the smallest size, by style; ""
// has the colours of the sources.
func renderAll(t *testing.T) map[string]map[string]*image.NRGBA {
	t.Helper()
	images := map[string]map[string]*image.NRGBA{"": {}}
	for style := range styles {
		images[style] = map[string]*image.NRGBA{}
	}
	for _, state := range states {
		source, err := fs.ReadFile(sources(t), state+".svg")
		if err != nil {
			t.Fatal(err)
		}
		if images[""][state], err = render(source, smallest); err != nil {
			t.Fatal(err)
		}
		for style, tone := range styles {
			if images[style][state], err = renderTone(source, smallest, tone); err != nil {
				t.Fatal(err)
			}
		}
	}
	return images
}

// TestShapesDiffer holds that the icons are told apart at 16 px by their
// silhouettes alone: no two share all but a few pixels of what either covers.
func TestShapesDiffer(t *testing.T) {
	const leastPixels = 16 // of 256; a glyph covers about 50
	covers := func(img *image.NRGBA, x, y int) bool { return img.NRGBAAt(x, y).A >= 128 }
	for style, images := range renderAll(t) {
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
				t.Logf("%s %s and %s: %d pixels", style, a, b, different)
				if different < leastPixels {
					t.Errorf("%s: %s and %s differ in %d pixels at %d px, want %d at least", style, a, b, different, smallest, leastPixels)
				}
			}
		}
	}
}

// grounds are the panels that each style is for: the sRGB values of greys, 0
// (black) to 1 (white).
var grounds = map[string][]float64{
	"":      {0, 0.15, 0.25, 0.85, 0.95, 1},
	"light": {0, 0.15, 0.25, 0.4},
	"dark":  {0.6, 0.85, 0.95, 1},
}

// TestContrast holds that enough of each icon stands out from its panels by
// 3:1, what WCAG 2.2 asks of graphics (criterion 1.4.11).
func TestContrast(t *testing.T) {
	const leastPixels = 30 // of 256
	for style, images := range renderAll(t) {
		for state, img := range images {
			for _, ground := range grounds[style] {
				linear := luminanceOver(image.NewNRGBA(img.Bounds()), 0, 0, ground)
				visible := 0
				for y := range smallest {
					for x := range smallest {
						if contrast(luminanceOver(img, x, y, ground), linear) >= 3 {
							visible++
						}
					}
				}
				t.Logf("%s %s on %.2f: %d pixels", style, state, ground, visible)
				if visible < leastPixels {
					t.Errorf("%s %s on a panel of %.2f: %d pixels stand out, want %d at least", style, state, ground, visible, leastPixels)
				}
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
