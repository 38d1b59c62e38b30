package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"os"
	"path/filepath"

	"howett.net/plist"
)

// rule says how a signature covers the files whose path matches a pattern.
type rule struct {
	Omit     bool    `plist:"omit,omitempty"`
	Optional bool    `plist:"optional,omitempty"`
	Nested   bool    `plist:"nested,omitempty"`
	Weight   float64 `plist:"weight,omitempty"`
}

// The rules that codesign itself uses. macOS does not take others.
var (
	oldRules = map[string]any{
		`^Resources/`:                            true,
		`^Resources/.*\.lproj/`:                  rule{Optional: true, Weight: 1000},
		`^Resources/.*\.lproj/locversion.plist$`: rule{Omit: true, Weight: 1100},
		`^Resources/Base\.lproj/`:                rule{Weight: 1010},
		`^version.plist$`:                        true,
	}
	newRules = map[string]any{
		`.*\.dSYM($|/)`:      rule{Weight: 11},
		`^(.*/)?\.DS_Store$`: rule{Omit: true, Weight: 2000},
		`^(Frameworks|SharedFrameworks|PlugIns|Plug-ins|XPCServices|Helpers|MacOS|Library/(Automator|Spotlight|LoginItems))/`: rule{Nested: true, Weight: 10},
		`^.*`:                                    true,
		`^Info\.plist$`:                          rule{Omit: true, Weight: 20},
		`^PkgInfo$`:                              rule{Omit: true, Weight: 20},
		`^Resources/`:                            rule{Weight: 20},
		`^Resources/.*\.lproj/`:                  rule{Optional: true, Weight: 1000},
		`^Resources/.*\.lproj/locversion.plist$`: rule{Omit: true, Weight: 1100},
		`^Resources/Base\.lproj/`:                rule{Weight: 1010},
		`^[^/]+$`:                                rule{Nested: true, Weight: 10},
		`^embedded\.provisionprofile$`:           rule{Weight: 20},
		`^version\.plist$`:                       rule{Weight: 20},
	}
)

// sealOf returns the content of the file CodeResources: the checksums of the resources
// below the folder Contents, in the old form and in the new one.
func sealOf(contents string) ([]byte, error) {
	names, err := sortedFiles(contents, "Resources")
	if err != nil {
		return nil, err
	}
	before, now := map[string]any{}, map[string]any{}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(contents, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		old, sum := sha1.Sum(content), sha256.Sum256(content)
		before[name], now[name] = old[:], map[string]any{"hash": old[:], "hash2": sum[:]}
	}
	return plist.MarshalIndent(map[string]any{
		"files": before, "files2": now, "rules": oldRules, "rules2": newRules,
	}, plist.XMLFormat, "\t")
}
