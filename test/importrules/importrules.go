// Package importrules holds the rules about which package of the project may
// import what, so that the parts stay apart: imports go down from one floor to
// lower ones and never in a circle, and each toolkit has one file that touches it.
//
// The rules are for what is shipped. Tests, and everything below test/, may
// import what they need.
package importrules

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Package is one package of the program as the compiler of one system sees it.
type Package struct {
	// Path is its import path.
	Path string
	// Name is what its package clause says.
	Name string
	// Imports are the import paths of what it imports itself.
	Imports []string
	// Deps are the import paths of all it needs, directly or not.
	Deps []string
	// Files has the imports of each file, also of those for other systems, but
	// not of tests.
	Files map[string][]string
	// Lines counts the lines of its files.
	Lines int
}

const (
	module  = "colabtray"
	docker  = "github.com/docker"
	systray = "fyne.io/systray"
	client  = "github.com/docker/docker/client"
)

// floors has all packages of the program, the lowest floor first. A package
// imports packages of lower floors only, so that there can be no circle.
var floors = [][]string{
	{"assets", "internal/i18n", "internal/problem", "internal/secret", "internal/gpu", "internal/sessionbus"},
	{"internal/backup", "internal/install", "internal/config"},
	{"internal/engine", "internal/colab", "internal/desktop", "internal/logfile"},
	{"internal/engine/docker", "internal/jupyter", "internal/data"},
	{"internal/runtime"},
	{"internal/notify", "internal/doctor", "internal/guide", "internal/tray"},
	{"internal/cli"},
	{"internal/app"},
	{"cmd/tray"},
}

// tools are packages that are not shipped: programs that make what is, and what tests
// of several packages share.
var tools = []string{
	"assets/generate", "packaging", "packaging/archive", "packaging/manpage",
	"internal/engine/enginetest", "internal/engine/memory",
}

// desktop are the libraries that show something to a person.
var desktop = []string{
	systray, "github.com/gen2brain/beeep", "github.com/esiqveland/notify",
	"golang.design/x/clipboard", "github.com/pkg/browser",
}

// forbidden says which libraries a package may not need, directly or not.
var forbidden = map[string][]string{
	"internal/problem":       append([]string{docker}, desktop...),
	"internal/secret":        append([]string{docker}, desktop...),
	"internal/i18n":          append([]string{docker}, desktop...),
	"internal/gpu":           append([]string{docker}, desktop...),
	"internal/backup":        append([]string{docker}, desktop...),
	"internal/install":       append([]string{docker}, desktop...),
	"internal/config":        append([]string{docker}, desktop...),
	"internal/colab":         append([]string{docker}, desktop...),
	"internal/engine":        append([]string{docker}, desktop...),
	"internal/jupyter":       append([]string{docker}, desktop...),
	"internal/data":          append([]string{docker}, desktop...),
	"internal/runtime":       append([]string{docker}, desktop...),
	"internal/tray":          {docker},
	"internal/notify":        {docker},
	"internal/cli":           {docker},
	"internal/engine/docker": desktop,
	"internal/guide":         append([]string{docker}, desktop...),
}

// oneFile are the libraries that one file alone imports.
var oneFile = []string{systray, client}

// onlyIn are the packages that one package alone imports.
var onlyIn = map[string]string{
	"github.com/gen2brain/beeep":       module + "/internal/notify",
	"github.com/esiqveland/notify":     module + "/internal/notify",
	module + "/internal/engine/docker": module + "/internal/app",
}

// largest is the part of all lines that one package may have, in percent.
const largest = 18

// vagueNames are names that say nothing about what a package owns.
var vagueNames = []string{"util", "utils", "helper", "helpers", "common", "misc", "shared", "base"}

// Check returns a sentence for each rule that the packages break.
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

// name returns the path of a package within the project.
func (p Package) name() string { return strings.TrimPrefix(p.Path, module+"/") }

// floor returns the floor of a package, negative when it has none.
func floor(name string) int {
	return slices.IndexFunc(floors, func(names []string) bool { return slices.Contains(names, name) })
}

// upward tells which imports of a package do not go down.
func (p Package) upward() []string {
	if slices.Contains(tools, p.name()) {
		return nil
	}
	own := floor(p.name())
	if own < 0 {
		return []string{p.Path + " has no floor"}
	}
	var broken []string
	for _, imported := range p.Imports {
		if !within(module, imported) {
			continue
		}
		if below := floor(strings.TrimPrefix(imported, module+"/")); below < 0 || below >= own {
			broken = append(broken, fmt.Sprintf("%s imports %s, which is not on a lower floor", p.Path, imported))
		}
	}
	return broken
}

// tooLarge tells which packages have more than their part of the lines.
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

// within reports whether a package is the tree's root or below it.
func within(tree, path string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }
