package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile is the size up to which a settings file is read, in bytes.
const maxFile = 1 << 20

// file is the content of the settings file.
type file struct {
	Profile  *string           `toml:"profile"`
	Profiles map[string]*table `toml:"profiles"`

	path  string
	lines map[string]int // where each key is, by its dotted form
}

// table is one [profiles.NAME]; nil stands for what is not stated.
type table struct {
	Name  *string `toml:"name"`
	Image *string `toml:"image"`
	Kind  *string `toml:"kind"`
	Port  *int64  `toml:"port"`
}

// readFile reads the settings file; a missing one is empty.
func readFile(path string) (*file, error) {
	content := &file{path: path}
	if path == "" {
		return content, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return content, nil
	}
	if err != nil {
		return nil, content.unreadable(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, content.unreadable(err)
	}
	if len(text) > maxFile {
		return nil, &Error{File: path, Short: "it is larger than 1 MiB", Hint: "This is no settings file of Colab Tray"}
	}
	return content, content.parse(text)
}

func (f *file) unreadable(err error) *Error {
	var in *fs.PathError
	if errors.As(err, &in) {
		err = in.Err
	}
	return &Error{File: f.path, Short: "it cannot be read: " + err.Error()}
}

// parse reads the text into f.
func (f *file) parse(text []byte) error {
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // editors on Windows may begin a file with it
	err := toml.Unmarshal(text, f)
	var wrong *toml.DecodeError
	switch {
	case err == nil:
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return &Error{File: f.path, Line: line, Key: dotted(wrong.Key()), Short: words(wrong)}
	default:
		return &Error{File: f.path, Short: strings.TrimPrefix(err.Error(), "toml: ")}
	}
	f.lines = map[string]int{}
	for _, k := range keysOf(text) {
		if !isSetting(k.path) {
			return &Error{File: f.path, Line: k.line, Key: dotted(k.path), Short: "there is no such setting", Hint: settingsHint}
		}
		for i := range k.path { // a.b.c makes a and a.b, too
			if table := dotted(k.path[:i+1]); f.lines[table] == 0 {
				f.lines[table] = k.line
			}
		}
	}
	return f.checkNames()
}

// words returns what is wrong. The library's words for a value of the wrong
// type are of Go's types.
func words(wrong *toml.DecodeError) string {
	short := strings.TrimPrefix(wrong.Error(), "toml: ")
	if !strings.HasPrefix(short, "cannot decode ") && !strings.HasPrefix(short, "cannot store ") {
		return short
	}
	switch key := wrong.Key(); {
	case len(key) > 2 && strings.EqualFold(key[2], "port"):
		return "it has to be a whole number, without quotes"
	case len(key) > 2 || len(key) > 0 && strings.EqualFold(key[0], "profile"):
		return "it has to be text in quotes"
	default:
		return "it has to be a table, as in [profiles.NAME]"
	}
}

// checkNames looks at the names of the profiles, which are typed in a terminal
// and shown in a menu.
func (f *file) checkNames() error {
	for _, name := range slices.Sorted(maps.Keys(f.Profiles)) {
		if short, hint := checkName(name); short != "" || f.Profiles[name] == nil {
			at := f.at("profiles", name)
			at.Short, at.Hint = fmt.Sprintf("%q cannot be the name of a profile", name), hint
			return &at
		}
	}
	return nil
}

// apply lets the profile's table change a profile.
func (f *file) apply(p Profile) (Profile, error) {
	t := f.Profiles[p.Name]
	wrong := func(key, short, hint string) error {
		at := f.at("profiles", p.Name, key)
		at.Short, at.Hint = short, hint
		return &at
	}
	if t.Name != nil {
		p.Runtime = *t.Name
	}
	if short, hint := checkName(p.Runtime); short != "" { // one made of a long name of a profile, too
		return p, wrong("name", short, hint)
	}
	if t.Image != nil {
		if short, hint := checkImage(*t.Image); short != "" {
			return p, wrong("image", short, hint)
		}
		p.Image, p.Kind = *t.Image, KindOf(*t.Image)
	}
	if t.Kind != nil {
		if short, hint := checkKind(*t.Kind); short != "" {
			return p, wrong("kind", short, hint)
		}
		p.Kind = Kind(*t.Kind)
	}
	if t.Port != nil {
		if short, hint := checkPort(*t.Port); short != "" {
			return p, wrong("port", short, hint)
		}
		p.Port = int(*t.Port)
	}
	return p, nil
}

// at returns an error that tells where the key is; one that is not stated is
// where its table is.
func (f *file) at(key ...string) Error {
	e := Error{File: f.path, Key: dotted(key)}
	for ; e.Line == 0 && len(key) > 0; key = key[:len(key)-1] {
		e.Line = f.lines[dotted(key)]
	}
	return e
}
