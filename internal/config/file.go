package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// maxFile is the size up to which a settings file is read, in bytes.
const maxFile = 1 << 20

// file is the content of the settings file.
type file struct {
	Profile  *string           `toml:"profile"`
	Profiles map[string]*table `toml:"profiles"`

	path  string
	lines map[string]int // where each key is
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
	decoder := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	err := decoder.Decode(f)
	f.lines = linesOf(text)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case err == nil:
		return f.checkNames()
	case errors.As(err, &unknown):
		line, _ := unknown.Errors[0].Position()
		return &Error{
			File: f.path, Line: line, Key: strings.Join(unknown.Errors[0].Key(), "."),
			Short: "there is no such setting", Hint: "There are: profile, and in [profiles.NAME]: name, image, kind, port",
		}
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return &Error{File: f.path, Line: line, Key: strings.Join(wrong.Key(), "."), Short: strings.TrimPrefix(wrong.Error(), "toml: ")}
	default:
		return &Error{File: f.path, Short: strings.TrimPrefix(err.Error(), "toml: ")}
	}
}

// checkNames looks at the names of the profiles, which are typed in a terminal
// and shown in a menu.
func (f *file) checkNames() error {
	for name, t := range f.Profiles {
		if short, hint := checkName(name); short != "" || t == nil {
			at := f.at("profiles." + name)
			at.Short, at.Hint = fmt.Sprintf("%q cannot be the name of a profile", name), hint
			return &at
		}
	}
	return nil
}

// apply lets the profile's table change a profile.
func (f *file) apply(p Profile) (Profile, error) {
	t := f.Profiles[p.Name]
	key := "profiles." + p.Name + "."
	wrong := func(name, short, hint string) error {
		at := f.at(key + name)
		at.Short, at.Hint = short, hint
		return &at
	}
	if t.Name != nil {
		if short, hint := checkName(*t.Name); short != "" {
			return p, wrong("name", short, hint)
		}
		p.Runtime = *t.Name
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

// at returns an error that tells where the key is.
func (f *file) at(key string) Error {
	e := Error{File: f.path, Key: key}
	for k := key; e.Line == 0 && k != ""; {
		e.Line = f.lines[k]
		i := strings.LastIndex(k, ".")
		k = k[:max(i, 0)] // a key in an inline table is where the table is
	}
	return e
}

// linesOf finds the line of each key of a text that is valid TOML.
func linesOf(text []byte) map[string]int {
	lines := map[string]int{}
	var table []string
	var p unstable.Parser
	for p.Reset(text); p.NextExpression(); {
		e := p.Expression()
		if e.Kind != unstable.KeyValue && e.Kind != unstable.Table {
			continue
		}
		var key []string
		line := 0
		for it := e.Key(); it.Next(); {
			key = append(key, string(it.Node().Data))
			line = p.Shape(it.Node().Raw).Start.Line
		}
		if e.Kind == unstable.Table {
			table = key
		} else {
			key = append(append([]string{}, table...), key...)
		}
		lines[strings.Join(key, ".")] = line
	}
	return lines
}
