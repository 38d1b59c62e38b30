package packages

import (
	"cmp"
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"colabtray/internal/engine"
)

// maxPackages limits how many packages are looked at.
const maxPackages = 500

// Package is one package that the image did not bring.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Dir is the directory in which the package lies.
	Dir string `json:"dir"`
	// Manager is "pip", or "conda" for a package that only conda knows.
	Manager string `json:"manager"`
	// Requested tells that somebody asked for the package; otherwise another package
	// needed it.
	Requested bool `json:"requested"`
	// Survives tells that the package lies in the data volume.
	Survives bool `json:"survives"`
	// Requirement is what the setting "packages" needs to install it again; empty when
	// pip cannot, as for a package from a folder.
	Requirement string `json:"requirement,omitempty"`
	// Kept tells that the setting has the package already.
	Kept bool `json:"kept"`
}

// List is what was found.
type List struct {
	// Packages are sorted: those that a new container loses come first.
	Packages []Package `json:"packages"`
	// CanKeep tells that the setting "packages" applies to the container.
	CanKeep bool `json:"can_keep"`
	// VolumeUnknown tells that the data volume was not looked at: the container does
	// not run, or has no Python.
	VolumeUnknown bool `json:"volume_unknown"`
	// Incomplete tells that there are more packages than are looked at.
	Incomplete bool `json:"incomplete"`
}

// ToKeep returns the requirements of all packages that would be lost, were asked for,
// and are not yet kept.
func (l List) ToKeep() []string {
	var all []string
	for _, p := range l.Packages {
		if !p.Survives && p.Requested && !p.Kept && p.Requirement != "" {
			all = append(all, p.Requirement)
		}
	}
	return unique(all)
}

// Lost returns the package of that name that would be lost.
func (l List) Lost(name string) (Package, bool) {
	i := slices.IndexFunc(l.Packages, func(p Package) bool { return !p.Survives && SameName(p.Name, name) })
	if i < 0 {
		return Package{}, false
	}
	return l.Packages[i], true
}

// MarkKept marks the packages that are among the requirements of a setting.
func (l List) MarkKept(requirements []string) {
	for i, p := range l.Packages {
		l.Packages[i].Kept = slices.ContainsFunc(requirements, func(r string) bool { return SameName(NameOf(r), p.Name) })
	}
}

var (
	// separators are the characters that names of packages do not differ by (PEP 503).
	separators = regexp.MustCompile(`[-_.]+`)
	// beginsWithName matches the name at the beginning of a requirement (PEP 508).
	beginsWithName = regexp.MustCompile(`^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)`)
)

// SameName reports whether two names mean the same package.
func SameName(a, b string) bool {
	normal := func(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }
	return normal(a) == normal(b)
}

// NameOf returns the name of the package that a requirement is for; empty when it has
// none.
func NameOf(requirement string) string {
	if match := beginsWithName.FindStringSubmatch(requirement); match != nil {
		return match[1]
	}
	return ""
}

// Find lists the packages that the image of a container did not bring. It looks into
// the data volume of that name only while the container runs.
func Find(ctx context.Context, e engine.Engine, c engine.Container, volume string) (List, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	list := List{Packages: []Package{}}
	differ, err := engine.Need[engine.Differ](e)
	if err != nil {
		return list, err
	}
	added, _, err := differ.Changed(ctx, c.ID)
	if err != nil {
		return list, err
	}
	distInfos, condaFiles := metadataIn(added)
	list.Incomplete = len(distInfos) > maxPackages || len(condaFiles) > maxPackages
	for _, dir := range first(distInfos) {
		p, ok, err := readDistInfo(ctx, e, c.ID, dir)
		if err != nil {
			return list, err
		}
		if ok {
			list.Packages = append(list.Packages, p)
		}
	}
	unmarkedAreRequested(list.Packages)
	for _, file := range first(condaFiles) {
		if p, ok := condaPackage(file); ok {
			if _, known := list.Lost(p.Name); !known {
				list.Packages = append(list.Packages, p)
			}
		}
	}
	inVolume, complete, err := findInVolume(ctx, e, c, volume)
	list.VolumeUnknown = err != nil
	list.Incomplete = list.Incomplete || err == nil && !complete
	list.Packages = append(list.Packages, inVolume...)
	slices.SortFunc(list.Packages, func(p, q Package) int {
		return cmp.Or(order(p.Survives, q.Survives), order(!p.Requested, !q.Requested), cmp.Compare(strings.ToLower(p.Name), strings.ToLower(q.Name)), cmp.Compare(p.Dir, q.Dir))
	})
	return list, ctx.Err()
}

// order sorts false before true.
func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// metadataIn returns the directories of metadata of installed packages among paths, and
// the files in which conda notes its packages.
func metadataIn(paths []string) (distInfos, condaFiles []string) {
	for _, p := range paths {
		dir := path.Base(path.Dir(p))
		switch {
		case path.Ext(p) == ".dist-info" && (dir == "site-packages" || dir == "dist-packages"):
			distInfos = append(distInfos, p)
		case path.Ext(p) == ".json" && dir == "conda-meta":
			condaFiles = append(condaFiles, p)
		}
	}
	slices.Sort(distInfos)
	slices.Sort(condaFiles)
	return distInfos, condaFiles
}

func first(paths []string) []string { return paths[:min(len(paths), maxPackages)] }

// unmarkedAreRequested makes all packages of a directory requested when none of them
// is: their installer does not note which somebody asked for.
func unmarkedAreRequested(all []Package) {
	marked := map[string]bool{}
	for _, p := range all {
		marked[p.Dir] = marked[p.Dir] || p.Requested
	}
	for i, p := range all {
		all[i].Requested = p.Requested || !marked[p.Dir]
	}
}

func unique(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
