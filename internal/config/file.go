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

// maxFile is the largest size of a settings file, in bytes.
const maxFile = 1 << 20

// file is the content of the settings file.
type file struct {
	path     string
	revision Revision // empty for a file that cannot be read
	root     *node
	envFiles []string // paths of all env_files, also of those that cannot be read
	envSize  int      // total size of the env_files, in bytes; see maxEnvFiles
}

// readFile reads the settings file. A missing file counts as empty.
func readFile(path string) (*file, error) {
	content := &file{path: path, root: &node{}}
	text, err := content.read()
	if err != nil {
		return content, err
	}
	return content, content.parse(text)
}

// read returns the text of the file, nil if the file does not exist.
func (f *file) read() ([]byte, error) {
	if f.path == "" {
		return nil, nil
	}
	text, err := readOwn(f.path)
	var others *writableByOthersError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.revision = revisionOf(nil)
		return nil, nil
	case errors.Is(err, errTooLarge):
		return nil, &Error{File: f.path, Short: i18n.T("config.tooLarge"), Hint: i18n.T("config.tooLargeHint")}
	case errors.As(err, &others):
		return nil, &Error{File: f.path, Short: others.short, Hint: i18n.T("config.othersHint"), Command: others.command}
	case err != nil:
		return nil, &Error{File: f.path, Short: i18n.T("config.cannotRead", "cause", cause(err))}
	}
	f.revision = revisionOf(text)
	return text, nil
}

// cause returns the reason for an error of a file operation, without the path.
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

// byteOrderMark is the UTF-8 byte order mark, which some editors on Windows write at
// the start of a file.
var byteOrderMark = []byte("\ufeff")

// utf16Line returns the line that shows that a text is UTF-16, or 0. Editors on
// Windows can save UTF-16. It has a byte order mark or zero bytes, which no valid
// text has.
func utf16Line(text []byte) int {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return 1
	}
	if zero := bytes.IndexByte(text, 0); zero >= 0 {
		return 1 + bytes.Count(text[:zero], []byte("\n"))
	}
	return 0
}

// parse reads the text into f. After an error f has the content before the error.
func (f *file) parse(text []byte) error {
	if line := utf16Line(text); line > 0 {
		f.root = &node{}
		return &Error{File: f.path, Line: line, Short: i18n.T("config.utf16"), Hint: i18n.T("config.utf16Hint")}
	}
	x := newIndex(bytes.TrimPrefix(text, byteOrderMark))
	f.root = x.root
	typeErr := f.checkTables()
	if x.err != nil {
		x.err.File = f.path
		return x.err
	}
	if typeErr != nil {
		return typeErr
	}
	for _, e := range x.entries[1:] {
		if hint := unknownKey(e.path); hint != "" {
			return &Error{File: f.path, Line: x.line(e), Key: displayKey(e.path), Short: i18n.T("config.noSetting"), Hint: hint}
		}
	}
	return f.checkNames()
}

// checkTables returns an error if a key that must be a table is something else.
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

// profiles returns the names of the profiles in the file, sorted.
func (f *file) profiles() []string {
	s := at("profiles")
	n := f.node(&s)
	if n == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(n.table))
}

// checkNames checks the names of the profiles. People type the names in a terminal,
// and the menu shows them.
func (f *file) checkNames() error {
	for _, name := range f.profiles() {
		if short, hint := checkName(name); short != "" {
			return f.wrong(at("profiles", name), i18n.T("config.noProfileName", "name", i18n.Escaped(name)), hint)
		}
	}
	return nil
}

// location is the place of a setting in the file. The file need not have the
// setting.
type location struct {
	key  []string  // for error messages
	up   *location // the table or array that contains it; nil for the whole file
	name string    // the key in that table
	n    int       // the index in that array
}

// at returns the location of a key.
func at(key ...string) location {
	var s location
	for _, name := range key {
		s = s.in(name)
	}
	return s
}

// in returns the location of a key in the table at s.
func (s location) in(name string) location {
	return location{key: append(slices.Clone(s.key), name), up: &s, name: name}
}

// item returns the location of an element of the array at s.
func (s location) item(n int) location {
	return location{key: s.key, up: &s, n: n}
}

// node returns the file's content at a location, nil if the file has nothing there.
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

// line returns the line of a location, from 1, or 0 if the file has nothing there.
func (f *file) line(s location) int {
	if n := f.node(&s); n != nil {
		return n.line
	}
	return 0
}

// wrong returns an *[Error] with the line of a location. If the file has nothing
// there, the line is that of the nearest table around the location.
func (f *file) wrong(s location, short, hint string) error { return f.wrongWith(s, "", short, hint) }

// wrongWith returns the same error as wrong, with a command to run.
func (f *file) wrongWith(s location, command, short, hint string) error {
	e := &Error{File: f.path, Key: displayKey(s.key), Short: short, Hint: hint, Command: command}
	for up := &s; e.Line == 0 && up != nil; up = up.up {
		e.Line = f.line(*up)
	}
	return e
}
