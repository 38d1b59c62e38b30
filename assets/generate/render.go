package main

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io/fs"

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
		if files["png/"+state+".png"], err = pngOf(source, traySize); err != nil {
			return nil, fmt.Errorf("%s.svg: %w", state, err)
		}
		if files["ico/"+state+".ico"], err = icoOf(source, icoSizes); err != nil {
			return nil, fmt.Errorf("%s.svg: %w", state, err)
		}
	}

	source, err := fs.ReadFile(sources, "app.svg")
	if err != nil {
		return nil, err
	}
	for _, size := range appSizes {
		name := fmt.Sprintf("app/%d.png", size)
		if files[name], err = pngOf(source, size); err != nil {
			return nil, fmt.Errorf("app.svg: %w", err)
		}
	}
	return files, nil
}

// pngOf draws an SVG as a square PNG.
func pngOf(source []byte, size int) ([]byte, error) {
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
func icoOf(source []byte, sizes []int) ([]byte, error) {
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

// render draws an SVG into a square of size pixels on a transparent ground.
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

	// PNG and ICO hold colours that are not multiplied by alpha.
	straight := image.NewNRGBA(canvas.Bounds())
	draw.Draw(straight, straight.Bounds(), canvas, image.Point{}, draw.Src)
	return straight, nil
}
