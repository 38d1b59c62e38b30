// Package importrules checks which package of the project imports what. A package
// imports only packages of lower layers, so that there are no cycles, and only one file
// imports each toolkit.
//
// The rules are for shipped code. Tests, and everything below test/, may import
// anything.
package importrules

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Package is one package of the program, built for one operating system.
type Package struct {
	// Path is the import path.
	Path string
	// Name is the name in the package clause.
	Name string
	// Imports are the import paths of the direct imports.
	Imports []string
	// Deps are the import paths of all dependencies, direct or not.
	Deps []string
	// Files has the imports of each file. It includes files for other systems, but
	// not tests.
	Files map[string][]string
	// Lines is the number of lines in Files.
	Lines int
}

const (
	module  = "colabtray"
	docker  = "github.com/docker"
	systray = "fyne.io/systray"
	client  = "github.com/docker/docker/client"
)

// layers has all packages of the program, the lowest layer first. A package imports
// only packages of lower layers, so that there are no cycles.
var layers = [][]string{
	{"colabtray", "assets", "internal/i18n", "internal/secret", "internal/gpu", "internal/sessionbus", "internal/child"},
	{"internal/problem", "internal/tunnel"},
	{"internal/backup", "internal/install", "internal/config"},
	{"internal/engine", "internal/colab", "internal/desktop", "internal/logfile", "internal/gateway"},
	{"internal/engine/docker", "internal/engine/kubernetes", "internal/jupyter", "internal/data", "internal/packages"},
	{"internal/runtime"},
	{"internal/notify", "internal/doctor", "internal/guide", "internal/tray"},
	{"internal/cli"},
	{"internal/app"},
	{"cmd/tray"},
}

// tools are packages that are not shipped: programs that generate shipped files, and
// packages for the tests of several packages.
var tools = []string{
	"assets/generate", "packaging", "packaging/archive", "packaging/bundle", "packaging/licences", "packaging/manpage",
	"internal/engine/enginetest", "internal/engine/memory",
}

// desktop are the libraries with a user interface.
var desktop = []string{
	systray, "github.com/gen2brain/beeep", "github.com/esiqveland/notify",
	"golang.design/x/clipboard", "github.com/pkg/browser",
}

// forbidden are the libraries that a package must not depend on, directly or not.
var forbidden = map[string][]string{
	"internal/problem":           append([]string{docker}, desktop...),
	"internal/secret":            append([]string{docker}, desktop...),
	"internal/i18n":              append([]string{docker}, desktop...),
	"internal/tunnel":            append([]string{docker}, desktop...),
	"internal/child":             append([]string{docker}, desktop...),
	"internal/gpu":               append([]string{docker}, desktop...),
	"internal/backup":            append([]string{docker}, desktop...),
	"internal/install":           append([]string{docker}, desktop...),
	"internal/config":            append([]string{docker}, desktop...),
	"internal/colab":             append([]string{docker}, desktop...),
	"internal/engine":            append([]string{docker}, desktop...),
	"internal/gateway":           append([]string{docker, module + "/internal/engine", module + "/internal/config"}, desktop...),
	"internal/jupyter":           append([]string{docker}, desktop...),
	"internal/data":              append([]string{docker}, desktop...),
	"internal/packages":          append([]string{docker}, desktop...),
	"internal/runtime":           append([]string{docker}, desktop...),
	"internal/tray":              {docker},
	"internal/notify":            {docker},
	"internal/cli":               {docker},
	"internal/engine/docker":     desktop,
	"internal/engine/kubernetes": append([]string{docker}, desktop...),
	"internal/guide":             append([]string{docker}, desktop...),
}

// oneFile are the libraries that only one file may import.
var oneFile = []string{systray, client}

// onlyIn maps packages to the only package that may import them.
var onlyIn = map[string]string{
	"github.com/gen2brain/beeep":           module + "/internal/notify",
	"github.com/esiqveland/notify":         module + "/internal/notify",
	module + "/internal/engine/docker":     module + "/internal/app",
	module + "/internal/engine/kubernetes": module + "/internal/app",
}

// largest is the greatest share of all lines that one package may have, in percent.
const largest = 18

// vagueNames are package names that do not say what the package owns.
var vagueNames = []string{"util", "utils", "helper", "helpers", "common", "misc", "shared", "base"}

// Check returns a message for each violation of a rule, sorted.
func Check(packages []Package) []string {
	broken := tooLarge(packages)
	files := map[string][]string{}
	for _, p := range packages {
		broken = append(broken, p.upward()...)
		for _, library := range forbidden[p.name()] {
			for _, dep := range p.Deps {
				if within(library, dep) {
					broken = append(broken, fmt.Sprintf("%s needs %s", p.Path, dep))
				}
			}
		}
		if slices.Contains(vagueNames, p.Name) {
			broken = append(broken, fmt.Sprintf("%s: the name %q does not say what it owns", p.Path, p.Name))
		}
		for file, imports := range p.Files {
			for _, library := range imports {
				if slices.Contains(oneFile, library) {
					files[library] = append(files[library], path.Join(p.Path, file))
				}
				if owner, ok := onlyIn[library]; ok && p.Path != owner {
					broken = append(broken, fmt.Sprintf("%s imports %s, which only %s may", path.Join(p.Path, file), library, owner))
				}
			}
		}
	}
	for library, importers := range files {
		if len(importers) > 1 {
			slices.Sort(importers)
			broken = append(broken, fmt.Sprintf("%s is imported by %s; one file may", library, strings.Join(importers, " and ")))
		}
	}
	slices.Sort(broken)
	return broken
}

// name returns the import path of a package without that of the module.
func (p Package) name() string { return strings.TrimPrefix(p.Path, module+"/") }

// layer returns the number of a package's layer, -1 if it has none.
func layer(name string) int {
	return slices.IndexFunc(layers, func(names []string) bool { return slices.Contains(names, name) })
}

// upward returns a message for each import of a package that is not in a lower layer.
func (p Package) upward() []string {
	if slices.Contains(tools, p.name()) {
		return nil
	}
	own := layer(p.name())
	if own < 0 {
		return []string{p.Path + " has no layer"}
	}
	var broken []string
	for _, imported := range p.Imports {
		if !within(module, imported) {
			continue
		}
		if below := layer(strings.TrimPrefix(imported, module+"/")); below < 0 || below >= own {
			broken = append(broken, fmt.Sprintf("%s imports %s, which is not on a lower layer", p.Path, imported))
		}
	}
	return broken
}

// tooLarge returns a message for each package with more than largest percent of all
// lines.
func tooLarge(packages []Package) []string {
	all := 0
	for _, p := range packages {
		if !slices.Contains(tools, p.name()) {
			all += p.Lines
		}
	}
	var broken []string
	for _, p := range packages {
		if p.Lines*100 > all*largest {
			broken = append(broken, fmt.Sprintf("%s has %d of %d lines, more than %d %%", p.Path, p.Lines, all, largest))
		}
	}
	return broken
}

// within reports whether the import path of a package is tree or below it.
func within(tree, path string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }
