package config

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"colabtray/internal/i18n"
)

// Name returns the name that the folder has in the container unless its path is set:
// its name on the host, for a whole disk the letter of the disk, else "disk".
func (f Folder) Name() string {
	if filepath.Dir(f.Host) != f.Host {
		return filepath.Base(f.Host)
	}
	if letter := strings.TrimSuffix(filepath.VolumeName(f.Host), ":"); len(letter) == 1 {
		return letter
	}
	return "disk"
}

// defaultPath returns the path of the folder in a container of a kind unless another
// path is set: below the directory that Jupyter shows.
func (f Folder) defaultPath(kind Kind) string { return path.Join(kind.DataDir(), f.Name()) }

// withPaths returns the folders with default paths for those that have no path of
// their own. The default paths of another kind are replaced.
func withPaths(folders []Folder, before, kind Kind) []Folder {
	folders = slices.Clone(folders)
	for i, f := range folders {
		if f.Path == "" || before != kind && f.Path == f.defaultPath(before) {
			folders[i].Path = f.defaultPath(kind)
		}
	}
	return folders
}

// checkFolderName checks the name of a folder that has no path of its own.
func checkFolderName(f Folder) (short, hint string) {
	if name := f.Name(); f.Path == "" && strings.HasPrefix(name, ".") {
		return i18n.T("config.hiddenFolder", "name", i18n.Escaped(name)), i18n.T("config.hiddenFolderHint")
	}
	return "", ""
}

// flagSeparator separates the values of a flag that is repeated. No argument of a
// program contains it.
const flagSeparator = "\x00"

// Folders returns the folders of the flag --folder.
func (f Flags) Folders() ([]Folder, error) {
	text, given := f["folders"]
	if !given {
		return nil, nil
	}
	v, short, hint := asFolders(text)
	if short != "" {
		return nil, &Error{Key: "--folder", Short: short, Hint: hint}
	}
	return v.([]Folder), nil
}

// parseFolderFlag parses PATH, PATH:ro or PATH:rw. A relative path starts at the
// working directory.
func parseFolderFlag(text string) (f Folder, short, hint string) {
	text, f.ReadOnly = cutMode(text)
	if text != "" && !strings.HasPrefix(text, "~") {
		if whole, err := filepath.Abs(text); err == nil {
			text = whole
		}
	}
	whole, short, hint := ParseFolder(text)
	f.Host = whole.Host
	return f, short, hint
}

// cutMode cuts ":ro" or ":rw" from a path. The colon of a drive letter stays.
func cutMode(text string) (rest string, readOnly bool) {
	if rest, is := strings.CutSuffix(text, ":ro"); is {
		return rest, true
	}
	rest, _ = strings.CutSuffix(text, ":rw")
	return rest, false
}

// ParseFolder returns the folder with the given absolute path on the host, which may
// begin with "~". If the path is invalid, short and hint tell why.
func ParseFolder(host string) (f Folder, short, hint string) {
	if f.Host, short, hint = hostPath(host); short != "" {
		return f, short, hint
	}
	short, hint = checkFolderName(f)
	return f, short, hint
}

// asFolders parses the text of the flag --folder.
func asFolders(text string) (v any, short, hint string) {
	var folders []Folder
	for one := range strings.SplitSeq(text, flagSeparator) {
		f, short, hint := parseFolderFlag(one)
		if short != "" {
			return nil, short, hint
		}
		folders = append(folders, f)
	}
	return folders, "", ""
}

// readFoldersOf reads the folders of a profile. The folders of the flag are added to
// those that the profile has.
func readFoldersOf(r *reader, at location, v any, to *Settings) error {
	if given, is := v.([]Folder); is {
		for _, f := range given {
			to.Profile = to.Profile.withFolder(f)
		}
		return nil
	}
	folders, err := readFolders(&reader{r.file, r.from, to.Profile.OnOtherMachine()}, at, v)
	if err == nil {
		to.Profile.Folders = folders
	}
	return err
}

// withFolder returns the profile with one more folder. If the profile has the folder
// already, only ReadOnly changes.
func (p Profile) withFolder(f Folder) Profile {
	p.Folders = slices.Clone(p.Folders)
	if i := p.folder(f.Host); i >= 0 {
		p.Folders[i].ReadOnly = f.ReadOnly
		return p
	}
	p.Folders = withPaths(append(p.Folders, f), p.Kind, p.Kind)
	return p
}

// folder returns the index of the folder with a path on the host, -1 if the profile
// does not have it.
func (p Profile) folder(host string) int {
	return slices.IndexFunc(p.Folders, func(f Folder) bool { return f.Host == host })
}

// HasFolder reports whether the profile has a folder with the same path on the host
// that can be written as f can.
func (p Profile) HasFolder(f Folder) bool {
	i := p.folder(f.Host)
	return i >= 0 && p.Folders[i].ReadOnly == f.ReadOnly
}

// WithFolder returns the profile with one more folder and its path in the container.
// If the folder does not fit to the others, short and hint tell why.
func (p Profile) WithFolder(f Folder) (with Profile, short, hint string) {
	with = p.withFolder(f)
	if _, short, hint := with.kindConflict(); short != "" {
		return p, short, hint
	}
	return with, "", ""
}
