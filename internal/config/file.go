package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"colabtray/internal/words"
)

// maxFile is the size up to which a settings file is read, in bytes.
const maxFile = 1 << 20

// file is the content of the settings file. Values are as the file has them; nil
// stands for what is not stated.
type file struct {
	Profile     any               `toml:"profile"`
	Profiles    map[string]*table `toml:"profiles"`
	Preferences *preferences      `toml:"preferences"`

	path     string
	lines    map[string]int // of each place
	envFiles []string       // that were read, or would have been
}

// table is one [profiles.NAME].
type table struct {
	Name     any `toml:"name"`
	Image    any `toml:"image"`
	Kind     any `toml:"kind"`
	Port     any `toml:"port"`
	GPU      any `toml:"gpu"`
	Memory   any `toml:"memory"`
	CPUs     any `toml:"cpus"`
	ShmSize  any `toml:"shm_size"`
	Folders  any `toml:"folders"`
	Env      any `toml:"env"`
	EnvFile  any `toml:"env_file"`
	Packages any `toml:"packages"`
	Command  any `toml:"command"`
	Token    any `toml:"token"`
	IdleStop any `toml:"idle_stop"`
	Platform any `toml:"platform"`
	User     any `toml:"user"`
}

// folder is what one of a profile's folders can hold.
type folder struct {
	Host     any `toml:"host"`
	Path     any `toml:"path"`
	ReadOnly any `toml:"read_only"`
}

// readFile reads the settings file; a missing one is empty.
func readFile(path string) (*file, error) {
	content := &file{path: path}
	text, err := content.read()
	if err != nil {
		return content, err
	}
	return content, content.parse(text)
}

// read returns the text of the file, none where there is no file.
func (f *file) read() ([]byte, error) {
	if f.path == "" {
		return nil, nil
	}
	text, err := readBounded(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, errTooLarge):
		return nil, &Error{File: f.path, Short: words.Say("config.tooLarge"), Hint: words.Say("config.tooLargeHint")}
	case err != nil:
		return nil, &Error{File: f.path, Short: words.Say("config.cannotRead", "cause", cause(err))}
	}
	return text, nil
}

var errTooLarge = errors.New("the file is too large")

// readBounded reads a file of at most maxFile bytes.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errTooLarge
	}
	return text, err
}

// cause returns why a file could not be used, without its path.
func cause(err error) string {
	var in *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, errTooLarge):
		return words.Say("config.tooLarge")
	case errors.As(err, &in):
		err = in.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return err.Error()
}

// byteOrderMark is what editors on Windows may begin a file with.
var byteOrderMark = []byte("\ufeff")

// parse reads the text into f.
func (f *file) parse(text []byte) error {
	text = bytes.TrimPrefix(text, byteOrderMark)
	err := toml.Unmarshal(text, f)
	var wrong *toml.DecodeError
	switch {
	case err == nil:
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		return &Error{File: f.path, Line: line, Key: dotted(wrong.Key()), Short: mistake(wrong)}
	default:
		return &Error{File: f.path, Short: words.Say("config.syntax", "parser", strings.TrimPrefix(err.Error(), "toml: "))}
	}
	o := outlineOf(text)
	f.lines = o.lines()
	for _, e := range o.entries[1:] {
		if hint := unknownKey(e.path); hint != "" {
			return &Error{File: f.path, Line: o.line(e), Key: dotted(e.path), Short: words.Say("config.noSetting"), Hint: hint}
		}
	}
	return f.checkNames()
}

// mistake returns what is wrong. The library's words for a value of the wrong
// type are of Go's types, and those for a number that is too large repeat it,
// though it may be a secret.
func mistake(wrong *toml.DecodeError) string {
	short := strings.TrimPrefix(wrong.Error(), "toml: ")
	switch key := wrong.Key(); {
	case strings.HasPrefix(short, "unable to parse float"):
		return words.Say("config.noNumber")
	case !strings.HasPrefix(short, "cannot decode ") && !strings.HasPrefix(short, "cannot store "):
		return words.Say("config.syntax", "parser", short)
	case len(key) > 1 && strings.EqualFold(key[0], "preferences"):
		return words.Say("config.wantTable", "table", "[preferences.notifications]")
	case len(key) > 0 && strings.EqualFold(key[0], "preferences"):
		return words.Say("config.wantTable", "table", "[preferences]")
	default:
		return words.Say("config.wantTable", "table", "[profiles.NAME]")
	}
}

// checkNames looks at the names of the profiles, which are typed in a terminal
// and shown in a menu.
func (f *file) checkNames() error {
	for _, name := range slices.Sorted(maps.Keys(f.Profiles)) {
		if short, hint := checkName(name); short != "" || f.Profiles[name] == nil {
			return f.wrong(at("profiles", name), words.Say("config.noProfileName", "name", words.Escaped(name)), hint)
		}
	}
	return nil
}

// spot is where a setting is, whether or not the file states it.
type spot struct {
	key   []string // for people
	place string   // as an [outline] has it
	up    *spot    // the table or array it is in
}

// at returns the spot of a key.
func at(key ...string) spot {
	var s spot
	for _, name := range key {
		s = s.in(name)
	}
	return s
}

// in returns the spot of a key in the table that s is.
func (s spot) in(name string) spot {
	return spot{key: append(slices.Clone(s.key), name), place: below(s.place, name), up: &s}
}

// item returns the spot of an element of the array that s is.
func (s spot) item(n int) spot {
	return spot{key: s.key, place: numbered(s.place, n), up: &s}
}

// wrong returns an *[Error] that tells where the spot is; what is not stated is
// where its table is.
func (f *file) wrong(s spot, short, hint string) error {
	e := &Error{File: f.path, Key: dotted(s.key), Short: short, Hint: hint}
	for up := &s; e.Line == 0 && up != nil; up = up.up {
		e.Line = f.lines[up.place]
	}
	return e
}
