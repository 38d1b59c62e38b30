package i18n

import (
	"fmt"
	"math"
	"strings"
)

// Bytes returns an amount of bytes for people, with a decimal unit in the language in
// use: "5 kB", rounded up, "120 MB" or "1.3 GB".
func Bytes(n int64) string {
	const kilo, mega, giga = 1e3, 1e6, 1e9
	units := strings.Fields(T("number.units"))
	switch size := float64(n); {
	case size < mega:
		return fmt.Sprintf("%.0f %s", math.Ceil(size/kilo), units[1])
	case size < giga:
		return fmt.Sprintf("%.0f %s", size/mega, units[2])
	default:
		return Decimal(size/giga) + " " + units[3]
	}
}
