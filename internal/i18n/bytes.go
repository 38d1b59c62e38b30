package i18n

import (
	"fmt"
	"math"
)

// Bytes returns an amount of bytes for people, with a decimal unit: "5 kB", rounded
// up, "120 MB" or "1.3 GB".
func Bytes(n int64) string {
	const kilo, mega, giga = 1e3, 1e6, 1e9
	switch size := float64(n); {
	case size < mega:
		return fmt.Sprintf("%.0f kB", math.Ceil(size/kilo))
	case size < giga:
		return fmt.Sprintf("%.0f MB", size/mega)
	default:
		return Decimal(size/giga) + " GB"
	}
}
