// Package rooms holds the rules about which package of the project may import
// what, so that the parts stay apart: the runtime knows no desktop, the part
// for Colab knows no Docker, and each toolkit has one file that touches it.
//
// The rules are for what is shipped. Tests, and everything below test/, may
// import what they need.
package rooms

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
	// Deps are the import paths of all it needs, directly or not.
	Deps []string
	// Files has the imports of each file, also of those for other systems, but
	// not of tests.
	Files map[string][]string
}

const (
	module  = "colabtray"
	docker  = "github.com/docker"
	systray = "fyne.io/systray"
	client  = "github.com/docker/docker/client"

	// words are the texts, which every room may say.
	words = module + "/internal/words"
)

// desktop are the libraries that show something to a person.
var desktop = []string{
	systray, "github.com/gen2brain/beeep", "github.com/esiqveland/notify",
	"golang.design/x/clipboard", "github.com/pkg/browser",
}

// room says what a package may not need, and which of ours it may.
type room struct {
	without []string
	ours    []string
}

var rooms = map[string]room{
	module + "/internal/runtime": {without: desktop, ours: []string{module + "/internal/config", module + "/internal/backup"}},
	module + "/internal/backup":  {without: append([]string{docker}, desktop...)},
	module + "/internal/colab":   {without: append([]string{docker}, desktop...), ours: []string{module + "/internal/config"}},
	module + "/internal/config":  {without: append([]string{docker}, desktop...)},
	words:                        {without: append([]string{docker}, desktop...)},
	module + "/internal/gpu":     {without: append([]string{docker}, desktop...)},
	module + "/internal/install": {without: append([]string{docker}, desktop...)},
	module + "/internal/guide": {without: desktop, ours: []string{
		module + "/internal/runtime", module + "/internal/colab", module + "/internal/config",
		module + "/internal/gpu", module + "/internal/install", module + "/internal/backup",
	}},
}

// oneFile are the libraries that one file alone imports.
var oneFile = []string{systray, client}

// onlyIn are the libraries that one package alone imports.
var onlyIn = map[string]string{
	"github.com/gen2brain/beeep":   module + "/internal/notify",
	"github.com/esiqveland/notify": module + "/internal/notify",
}

// vague are names that say nothing about what a package owns.
var vague = []string{"util", "utils", "helper", "helpers", "common", "misc", "shared", "base"}

// Check returns a sentence for each rule that the packages break.
func Check(packages []Package) []string {
	var broken []string
	files := map[string][]string{}
	for _, p := range packages {
		if r, ok := rooms[p.Path]; ok {
			broken = append(broken, r.check(p)...)
		}
		if slices.Contains(vague, p.Name) {
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

func (r room) check(p Package) []string {
	var broken []string
	for _, dep := range p.Deps {
		switch {
		case within(module, dep):
			if dep != p.Path && dep != words && !slices.Contains(r.ours, dep) {
				broken = append(broken, fmt.Sprintf("%s needs %s", p.Path, dep))
			}
		case slices.ContainsFunc(r.without, func(library string) bool { return within(library, dep) }):
			broken = append(broken, fmt.Sprintf("%s needs %s", p.Path, dep))
		}
	}
	return broken
}

// within reports whether a package is the tree's root or below it.
func within(tree, path string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }
