package config

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"

	"colabtray/internal/words"
)

// maxFile is the size up to which a settings file is read, in bytes.
const maxFile = 1 << 20

// file is the content of the settings file. Values are as the file has them; nil
// stands for what is not stated.
type file struct {
	Profile     any `toml:"profile"`
	Profiles    map[string]*table
	Preferences preferences

	path     string
	root     *node
	envFiles []string // that were read, or would have been
	envSize  int      // of all that were read
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
	content := &file{path: path, root: &node{}}
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
	text, err := readOwn(f.path)
	var others *otherHandsError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, errTooLarge):
		return nil, &Error{File: f.path, Short: words.Say("config.tooLarge"), Hint: words.Say("config.tooLargeHint")}
	case errors.As(err, &others):
		return nil, &Error{File: f.path, Short: others.short, Hint: words.Say("config.othersHint"), Command: others.command}
	case err != nil:
		return nil, &Error{File: f.path, Short: words.Say("config.cannotRead", "cause", cause(err))}
	}
	return text, nil
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
	return words.Error(err)
}

// byteOrderMark is what editors on Windows may begin a file with.
var byteOrderMark = []byte("\ufeff")

// utf16Line returns the line in which a text is seen to be UTF-16, which editors
// on Windows can save; 0 for none. Every second byte of most such texts is zero,
// which no other text has.
func utf16Line(text []byte) int {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return 1
	}
	if at := bytes.IndexByte(text, 0); at >= 0 {
		return 1 + bytes.Count(text[:at], []byte("\n"))
	}
	return 0
}

// parse reads the text into f, as far as it is right.
func (f *file) parse(text []byte) error {
	if line := utf16Line(text); line > 0 {
		f.root = &node{}
		return &Error{File: f.path, Line: line, Short: words.Say("config.utf16"), Hint: words.Say("config.utf16Hint")}
	}
	o := outlineOf(bytes.TrimPrefix(text, byteOrderMark))
	f.root = o.root
	typeErr := f.fill()
	if o.err != nil {
		o.err.File = f.path
		return o.err
	}
	if typeErr != nil {
		return typeErr
	}
	for _, e := range o.entries[1:] {
		if hint := unknownKey(e.path); hint != "" {
			return &Error{File: f.path, Line: o.line(e), Key: shown(e.path), Short: words.Say("config.noSetting"), Hint: hint}
		}
	}
	return f.checkNames()
}

// fill sets what the tables of the text hold.
func (f *file) fill() error {
	f.root.fill(f)
	preferences, err := f.tableAt(at("preferences"), "[preferences]")
	if err != nil {
		return err
	}
	preferences.fill(&f.Preferences)
	notifications, err := f.tableAt(at("preferences", "notifications"), "[preferences.notifications]")
	if err != nil {
		return err
	}
	notifications.fill(&f.Preferences.Notifications)
	const example = "[profiles.NAME]"
	profiles, err := f.tableAt(at("profiles"), example)
	if err != nil {
		return err
	}
	f.Profiles = make(map[string]*table, len(profiles.table))
	for _, name := range slices.Sorted(maps.Keys(profiles.table)) {
		profile, err := f.tableAt(at("profiles", name), example)
		if err != nil {
			return err
		}
		f.Profiles[name] = &table{}
		profile.fill(f.Profiles[name])
	}
	return nil
}

// tableAt returns the table at a spot, an empty one where there is none.
func (f *file) tableAt(s spot, example string) (*node, error) {
	switch n := f.node(&s); {
	case n == nil:
		return &node{}, nil
	case !n.isTable():
		return nil, f.wrong(s, words.Say("config.wantTable", "table", example), "")
	default:
		return n, nil
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
	key  []string // for people
	up   *spot    // the table or array it is in; nil for the whole file
	name string   // in that table
	n    int      // in that array
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
	return spot{key: append(slices.Clone(s.key), name), up: &s, name: name}
}

// item returns the spot of an element of the array that s is.
func (s spot) item(n int) spot {
	return spot{key: s.key, up: &s, n: n}
}

// node returns what the file states at a spot, nil for nothing.
func (f *file) node(s *spot) *node {
	if s.up == nil {
		return f.root
	}
	switch up := f.node(s.up); {
	case up == nil:
		return nil
	case up.isTable():
		return up.table[s.name]
	case s.n < len(up.list):
		return up.list[s.n]
	default:
		return nil
	}
}

// line returns the line in which the file states something, 0 for none.
func (f *file) line(s spot) int {
	if n := f.node(&s); n != nil {
		return n.line
	}
	return 0
}

// wrong returns an *[Error] that tells where the spot is; what is not stated is
// where its table is.
func (f *file) wrong(s spot, short, hint string) error { return f.wrongWith(s, "", short, hint) }

// wrongWith returns the same with a command to run.
func (f *file) wrongWith(s spot, command, short, hint string) error {
	e := &Error{File: f.path, Key: shown(s.key), Short: short, Hint: hint, Command: command}
	for up := &s; e.Line == 0 && up != nil; up = up.up {
		e.Line = f.line(*up)
	}
	return e
}
