package engine

import "colabtray/internal/i18n"

// Progress tells how far the pull of an image is.
type Progress struct {
	// LayersDone counts the complete layers, and Layers counts all.
	LayersDone, Layers int
	// Bytes counts the downloaded bytes, and Total all bytes that are known of. Total
	// grows while the engine learns the sizes of the layers.
	Bytes, Total int64
}

// Megabytes returns, for people, how many megabytes are downloaded and how many there
// are. done is at most all, and all is at least 1. known is false while the engine has
// told no sizes, as when it only lists the layers or already has them.
func (p Progress) Megabytes() (done, all int64, known bool) {
	const mega = 1_000_000
	all = p.Total / mega
	if p.Total%mega > 0 {
		all++
	}
	return min(max(p.Bytes, 0), p.Total) / mega, all, p.Total > 0
}

// Words describes the progress in the language in use, such as "120 of 512 MB, 3 of 9
// layers".
func (p Progress) Words() string {
	const giga = 1e9
	layers := i18n.T("progress.layers", "done", p.LayersDone, "all", p.Layers)
	done, all, known := p.Megabytes()
	if !known {
		return layers
	}
	amount := i18n.T("progress.mega", "done", done, "all", all)
	if p.Total >= giga {
		amount = i18n.T("progress.giga", "done", i18n.Decimal(float64(min(max(p.Bytes, 0), p.Total))/giga), "all", i18n.Decimal(float64(p.Total)/giga))
	}
	return i18n.T("progress.both", "amount", amount, "layers", layers)
}
