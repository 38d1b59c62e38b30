package main

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png" // the format of the icons
	"os"

	"github.com/jackmordaunt/icns/v3"
)

// iconTypes are the elements of an icon, with their size in pixels. Those of 16 and 32
// px for screens of low resolution are left out: as PNG they are not shown right.
var iconTypes = []icns.OsType{
	{ID: "ic11", Size: 32}, // 16 px, at twice the resolution
	{ID: "ic12", Size: 64}, // 32 px, likewise
	{ID: "ic07", Size: 128},
	{ID: "ic13", Size: 256}, // 128 px, likewise
	{ID: "ic08", Size: 256},
	{ID: "ic14", Size: 512}, // 256 px, likewise
	{ID: "ic09", Size: 512},
}

// appIcon returns the application icon in the format of macOS, from the pictures that
// are drawn for each size.
func appIcon() ([]byte, error) {
	var set icns.IconSet
	for _, kind := range iconTypes {
		picture, err := os.Open(fmt.Sprintf("assets/app/%d.png", kind.Size))
		if err != nil {
			return nil, err
		}
		img, _, err := image.Decode(picture)
		_ = picture.Close()
		if err != nil {
			return nil, err
		}
		set.Icons = append(set.Icons, &icns.Icon{Type: kind, Image: img})
	}
	var out bytes.Buffer
	_, err := set.WriteTo(&out)
	return out.Bytes(), err
}
