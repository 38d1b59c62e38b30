package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"regexp"

	"github.com/fyne-io/oksvg"
	"github.com/sergeymakinen/go-ico"
	"github.com/srwiley/rasterx"
)

// generate returns the content of every generated file by its path in package
// assets, made from the SVG files in sources.
func generate(sources fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, state := range states {
		source, err := fs.ReadFile(sources, state+".svg")
		if err != nil {
			return nil, err
		}
		draws := map[string]drawing{"": render}
		for style, tone := range styles {
			draws[style+"/"] = func(source []byte, size int) (*image.NRGBA, error) { return renderTone(source, size, tone) }
		}
		for dir, draw := range draws {
			if files["png/"+dir+state+".png"], err = pngOf(source, traySize, draw); err != nil {
				return nil, fmt.Errorf("%s.svg: %w", state, err)
			}
			if files["ico/"+dir+state+".ico"], err = icoOf(source, icoSizes, draw); err != nil {
				return nil, fmt.Errorf("%s.svg: %w", state, err)
			}
		}
	}

	source, err := fs.ReadFile(sources, "app.svg")
	if err != nil {
		return nil, err
	}
	for _, size := range appSizes {
		name := fmt.Sprintf("app/%d.png", size)
		if files[name], err = pngOf(source, size, render); err != nil {
			return nil, fmt.Errorf("app.svg: %w", err)
		}
	}
	if files["app/app.ico"], err = icoOf(source, installerSizes, render); err != nil {
		return nil, fmt.Errorf("app.svg: %w", err)
	}
	return files, nil
}

// drawing draws an SVG into a square of size pixels on a transparent ground.
type drawing func(source []byte, size int) (*image.NRGBA, error)

// pngOf draws an SVG as a square PNG.
func pngOf(source []byte, size int, render drawing) ([]byte, error) {
	img, err := render(source, size)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&out, img)
	return out.Bytes(), err
}

// icoOf draws an SVG as an ICO with one image for each size.
func icoOf(source []byte, sizes []int, render drawing) ([]byte, error) {
	images := make([]image.Image, len(sizes))
	for i, size := range sizes {
		img, err := render(source, size)
		if err != nil {
			return nil, err
		}
		images[i] = img
	}
	var out bytes.Buffer
	err := ico.EncodeAll(&out, images)
	return out.Bytes(), err
}

// renderTone draws an SVG in one colour. Everything in the colour of the edge, and
// what it covers, becomes transparent.
func renderTone(source []byte, size int, tone color.NRGBA) (*image.NRGBA, error) {
	source = fill.ReplaceAllFunc(source, func(colour []byte) []byte {
		if string(colour) == edge {
			return []byte("#000000")
		}
		return []byte("#ffffff")
	})
	img, err := render(source, size)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(img.Pix); i += 4 {
		light := uint32(img.Pix[i]) * uint32(img.Pix[i+3]) / 255
		copy(img.Pix[i:], []byte{tone.R, tone.G, tone.B, uint8(light)})
	}
	return img, nil
}

// fill matches the colours in an SVG.
var fill = regexp.MustCompile(`#[0-9a-f]{6}`)

// render draws an SVG in its own colours.
func render(source []byte, size int) (*image.NRGBA, error) {
	icon, err := oksvg.ReadIconStream(bytes.NewReader(source), oksvg.StrictErrorMode)
	if err != nil {
		return nil, err
	}
	icon.SetTarget(0, 0, float64(size), float64(size))
	for i := range icon.SVGPaths { // SetTarget scales the paths, but not their strokes
		icon.SVGPaths[i].LineWidth *= float64(size) / icon.ViewBox.W
	}
	canvas := image.NewRGBA(image.Rect(0, 0, size, size))
	scanner := rasterx.NewScannerGV(size, size, canvas, canvas.Bounds())
	icon.Draw(rasterx.NewDasher(size, size, scanner), 1)

	// In PNG and ICO the colours are not multiplied by alpha.
	straight := image.NewNRGBA(canvas.Bounds())
	draw.Draw(straight, straight.Bounds(), canvas, image.Point{}, draw.Src)
	return straight, nil
}
