package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/i18n"
)

// ExistsError is returned instead of overwriting a settings file.
type ExistsError struct{ File string }

// Error names the file.
func (e *ExistsError) Error() string { return e.File + ": there is a file already, which is kept" }

// WriteDefault writes [DefaultFile] to a path and creates missing directories. If
// the file exists, WriteDefault returns an *[ExistsError] and leaves the file
// unchanged.
func WriteDefault(path string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err != nil {
		return unwritable(path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return &ExistsError{File: path}
	}
	if err != nil {
		return unwritable(path, err)
	}
	if err := writeAll(f, DefaultFile()); err != nil {
		_ = os.Remove(path)
		return unwritable(path, err)
	}
	return nil
}

// Set changes or adds one key in the settings file, such as "preferences",
// "icon". Every other byte of the file stays the same. The value is a string, a
// bool, a number, a duration or a list of strings. A missing file starts as
// [DefaultFile].
//
// Set replaces the file atomically. If the file has an error, or would have one
// after the change, Set returns an *[Error] and writes nothing. If the path is a
// symbolic link, Set changes the target.
func Set(path string, key []string, value any) error {
	return rewrite(path, func(text []byte) ([]byte, error) { return edit(text, key, encode(value)), nil })
}

// AddPackages adds requirements to the setting "packages" of a profile in the
// settings file, and keeps what is there, comments too. Otherwise it is like [Set].
func AddPackages(path, profile string, requirements []string) error {
	return rewrite(path, func(text []byte) ([]byte, error) {
		for _, requirement := range requirements {
			text = addItem(text, profileTable.at(profile).in("packages").key, encode(requirement))
		}
		return text, nil
	})
}

// rewrite changes the text of the settings file, which must be valid before and after.
func rewrite(path string, change func(text []byte) ([]byte, error)) error {
	return Editor{File: path}.rewrite(change)
}

// check returns the error that [Load] would return for a file with this text.
func check(path string, text []byte) error {
	content := &file{path: path}
	if err := content.parse(text); err != nil {
		return err
	}
	_, err := content.settings(Sources{})
	return err
}

func unwritable(path string, err error) error {
	return &Error{File: path, Short: i18n.T("config.cannotWrite", "cause", cause(err))}
}

// encode returns a value as TOML. It panics for a type that is not a setting's.
func encode(value any) string {
	switch v := value.(type) {
	case time.Duration:
		return quote(shortDuration(v))
	case interface{ encoded() string }:
		return v.encoded()
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return quote(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Float64:
		text := strconv.FormatFloat(v.Float(), 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return text
	case reflect.Slice:
		var items []string
		for i := range v.Len() {
			items = append(items, encode(v.Index(i).Interface()))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.Map:
		var pairs []string
		for _, key := range v.MapKeys() {
			pairs = append(pairs, dotted([]string{key.String()})+" = "+encode(v.MapIndex(key).Interface()))
		}
		slices.Sort(pairs)
		return "{" + strings.Join(pairs, ", ") + "}"
	default:
		panic(fmt.Sprintf("config: a %T cannot be a setting", value))
	}
}

// edit changes or adds one key in a valid text.
func edit(text []byte, key []string, value string) []byte {
	mark, text := cutMark(text)
	from, to, inserted := insertion(newIndex(text), key, value)
	return slices.Concat(mark, text[:from], []byte(inserted), text[to:])
}

// insertion returns the text that gives a key its value, and the range of bytes
// that the text replaces. The first case that applies decides:
//
//   - The text has the key: the value is replaced.
//   - An inline table contains the key's table: the key goes to the end of the
//     inline table.
//   - The key's table has a header: the key goes after the table's last pair.
//   - Dotted keys make the key's table or a table around it: a dotted key goes
//     after the last of them.
//   - The text has nothing of the key's table: a new table goes to the end of the
//     text. A key that is in no table goes to the top.
func insertion(x *index, key []string, value string) (from, to int, inserted string) {
	table := key[:len(key)-1]
	var inline, header, dottedPair *entry
	common := 0 // names that the key and dottedPair have in common
	for _, e := range x.entries {
		switch {
		case e.array:
		case e.kind == entryPair && slices.Equal(e.path, key):
			return e.value, e.end, value
		case e.inline && hasPrefix(key, e.path):
			if inline == nil || len(e.path) > len(inline.path) {
				inline = e
			}
		case e.kind == entryTable && slices.Equal(e.path, table):
			header = e
		case e.kind == entryPair && e.in.kind == entryTable:
			n := commonNames(e.path[:len(e.path)-1], table)
			if n > len(e.in.path) && n >= common {
				dottedPair, common = e, n
			}
		}
	}
	switch {
	case inline != nil:
		pair := dotted(key[len(inline.path):]) + " = " + value
		if last := x.last(inline); last != nil {
			return last.end, last.end, ", " + pair
		}
		return inline.value + 1, inline.value + 1, pair // after the opening brace
	case len(table) == 0:
		return x.atTop(key[0], value)
	case header != nil:
		if last := x.last(header); last != nil {
			header = last
		}
		return x.afterLine(header.end, dotted(key[len(table):])+" = "+value)
	case dottedPair != nil:
		return x.afterLine(dottedPair.end, dotted(key[len(dottedPair.in.path):])+" = "+value)
	default:
		eol, text := x.eol(), ""
		if len(x.text) > 0 {
			text = eol
			if !bytes.HasSuffix(x.text, []byte("\n")) {
				text += eol
			}
		}
		text += "[" + dotted(table) + "]" + eol + dotted(key[len(table):]) + " = " + value + eol
		return len(x.text), len(x.text), text
	}
}

// last returns the last pair that is a direct child of an entry.
func (x *index) last(in *entry) *entry {
	for _, e := range slices.Backward(x.entries) {
		if e.kind == entryPair && e.in == in {
			return e
		}
	}
	return nil
}

// headerLine matches the header of a table, also one in a comment.
var headerLine = regexp.MustCompile(`(?m)^[ \t#]*\[`)

// atTop returns the insertion of a key that is in no table. Such a key must stand
// before the first header. It must also stand before a header in a comment, which
// the person may uncomment later. The key goes after the last key that is in no
// table, else after the comment with its default, else to the top.
func (x *index) atTop(key, value string) (from, to int, inserted string) {
	line := dotted([]string{key}) + " = " + value
	if last := x.last(x.entries[0]); last != nil {
		return x.afterLine(last.end, line)
	}
	top := x.text
	if first := headerLine.FindIndex(x.text); first != nil {
		top = x.text[:first[0]]
	}
	commented := regexp.MustCompile(`(?m)^#[ \t]*` + regexp.QuoteMeta(key) + `[ \t]*=`)
	if match := commented.FindIndex(top); match != nil {
		return x.afterLine(match[1], line)
	}
	return 0, 0, line + x.eol()
}

// afterLine returns the insertion of a line after the line that contains an offset.
func (x *index) afterLine(offset int, line string) (from, to int, inserted string) {
	if end := bytes.IndexByte(x.text[offset:], '\n'); end >= 0 {
		offset += end + 1
		return offset, offset, line + x.eol()
	}
	return len(x.text), len(x.text), x.eol() + line
}

// eol returns the line end that the text uses.
func (x *index) eol() string {
	if len(x.newlines) > 0 && x.newlines[0] > 0 && x.text[x.newlines[0]-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// hasPrefix reports whether a key is in the table with the given path.
func hasPrefix(key, path []string) bool {
	return len(path) < len(key) && slices.Equal(key[:len(path)], path)
}

// commonNames returns the number of leading names that two keys share.
func commonNames(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// replace replaces the content of a file atomically and keeps the file's mode. A new
// file gets mode 0600. The function still is called just before, and can refuse.
func replace(path string, text []byte, still func() error) error {
	path, err := resolveLink(path)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	switch info, err := os.Stat(path); {
	case err == nil && info.Mode().Perm()&0o200 == 0:
		return fs.ErrPermission // somebody has made the file read-only on purpose
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	err = f.Chmod(mode)
	if writeErr := writeAll(f, text); err == nil {
		err = writeErr
	}
	if err == nil {
		err = still()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	// The file is complete. The directory is synced so that the new name reaches
	// the disk as well. Windows cannot sync a directory.
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// writeAll writes a text, syncs the file to the disk and closes it.
func writeAll(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// maxLinks limits the number of symbolic links that are followed.
const maxLinks = 40

// resolveLink follows symbolic links and returns the final target, which need not
// exist.
func resolveLink(path string) (string, error) {
	for range maxLinks {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link, or it does not exist
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", errors.New(i18n.T("config.tooManyLinks"))
}
