package config

import (
	_ "embed"
	"slices"
)

//go:embed default.toml
var defaultFile []byte

// DefaultFile returns a settings file that explains every setting and changes
// none.
func DefaultFile() []byte { return slices.Clone(defaultFile) }
