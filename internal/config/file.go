package config

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"

	"colabtray/internal/i18n"
)

// maxFile is the size up to which a settings file is read, in bytes.
const maxFile = 1 << 20

// file is the content of the settings file.
type file struct {
	path     string
	root     *node
	envFiles []string // that were read, or would have been
	envSize  int      // of all that were read
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
	var others *writableByOthersError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, errTooLarge):
		return nil, &Error{File: f.path, Short: i18n.T("config.tooLarge"), Hint: i18n.T("config.tooLargeHint")}
	case errors.As(err, &others):
		return nil, &Error{File: f.path, Short: others.short, Hint: i18n.T("config.othersHint"), Command: others.command}
	case err != nil:
		return nil, &Error{File: f.path, Short: i18n.T("config.cannotRead", "cause", cause(err))}
	}
	return text, nil
}

// cause returns why a file could not be used, without its path.
func cause(err error) string {
	var in *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, errTooLarge):
		return i18n.T("config.tooLarge")
	case errors.As(err, &in):
		err = in.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return i18n.Error(err)
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
		return &Error{File: f.path, Line: line, Short: i18n.T("config.utf16"), Hint: i18n.T("config.utf16Hint")}
	}
	o := newIndex(bytes.TrimPrefix(text, byteOrderMark))
	f.root = o.root
	typeErr := f.checkTables()
	if o.err != nil {
		o.err.File = f.path
		return o.err
	}
	if typeErr != nil {
		return typeErr
	}
	for _, e := range o.entries[1:] {
		if hint := unknownKey(e.path); hint != "" {
			return &Error{File: f.path, Line: o.line(e), Key: displayKey(e.path), Short: i18n.T("config.noSetting"), Hint: hint}
		}
	}
	return f.checkNames()
}

// checkTables tells what has to be a table and is none.
func (f *file) checkTables() error {
	profiles := "[" + profileTable.name() + "]"
	tables := []struct {
		at      location
		example string
	}{
		{preferencesTable.at(""), "[" + preferencesTable.name() + "]"},
		{notificationsTable.at(""), "[" + notificationsTable.name() + "]"},
		{at("profiles"), profiles},
	}
	for _, t := range tables {
		if err := f.checkTable(t.at, t.example); err != nil {
			return err
		}
	}
	for _, name := range f.profiles() {
		if err := f.checkTable(profileTable.at(name), profiles); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) checkTable(s location, example string) error {
	if n := f.node(&s); n != nil && !n.isTable() {
		return f.wrong(s, i18n.T("config.wantTable", "table", example), "")
	}
	return nil
}

// profiles returns the names of the profiles that the file has, sorted.
func (f *file) profiles() []string {
	s := at("profiles")
	n := f.node(&s)
	if n == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(n.table))
}

// checkNames looks at the names of the profiles, which are typed in a terminal
// and shown in a menu.
func (f *file) checkNames() error {
	for _, name := range f.profiles() {
		if short, hint := checkName(name); short != "" {
			return f.wrong(at("profiles", name), i18n.T("config.noProfileName", "name", i18n.Escaped(name)), hint)
		}
	}
	return nil
}

// location is where a setting is, whether or not the file states it.
type location struct {
	key  []string  // for people
	up   *location // the table or array it is in; nil for the whole file
	name string    // in that table
	n    int       // in that array
}

// at returns the spot of a key.
func at(key ...string) location {
	var s location
	for _, name := range key {
		s = s.in(name)
	}
	return s
}

// in returns the spot of a key in the table that s is.
func (s location) in(name string) location {
	return location{key: append(slices.Clone(s.key), name), up: &s, name: name}
}

// item returns the spot of an element of the array that s is.
func (s location) item(n int) location {
	return location{key: s.key, up: &s, n: n}
}

// node returns what the file states at a spot, nil for nothing.
func (f *file) node(s *location) *node {
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
func (f *file) line(s location) int {
	if n := f.node(&s); n != nil {
		return n.line
	}
	return 0
}

// wrong returns an *[Error] that tells where the spot is; what is not stated is
// where its table is.
func (f *file) wrong(s location, short, hint string) error { return f.wrongWith(s, "", short, hint) }

// wrongWith returns the same with a command to run.
func (f *file) wrongWith(s location, command, short, hint string) error {
	e := &Error{File: f.path, Key: displayKey(s.key), Short: short, Hint: hint, Command: command}
	for up := &s; e.Line == 0 && up != nil; up = up.up {
		e.Line = f.line(*up)
	}
	return e
}
