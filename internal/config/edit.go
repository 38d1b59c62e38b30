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
	"sync"
	"time"

	"colabtray/internal/i18n"
)

// ExistsError is returned where a settings file would be overwritten.
type ExistsError struct{ File string }

// Error tells which file it is.
func (e *ExistsError) Error() string { return e.File + ": there is a file already, which is kept" }

// WriteDefault writes [DefaultFile], with the directories it needs. It
// overwrites nothing: where there is a file it returns an *[ExistsError].
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

// editing lets one edit of a file end before the next one reads it.
var editing sync.Mutex

// Set changes or adds one key in the settings file, such as "preferences",
// "icon", and leaves all else in it as it is, to the byte. The value is a text,
// a bool, a number, a duration or a list of texts. A missing file is begun with
// [DefaultFile].
//
// The file is replaced at once or not at all, and never by one that would be
// wrong: when it is broken, or would be with the change, the *[Error] tells
// what is wrong and nothing is written. Of a file that is a link the target is
// changed.
func Set(path string, key []string, value any) error {
	editing.Lock()
	defer editing.Unlock()
	content := &file{path: path}
	text, err := content.read()
	if err != nil {
		return err
	}
	if text == nil {
		text = DefaultFile()
	}
	if err := check(path, text); err != nil {
		return err
	}
	edited := edit(text, key, encode(value))
	if err := check(path, edited); err != nil {
		return err
	}
	if bytes.Equal(edited, text) {
		return nil
	}
	if err := replace(path, edited); err != nil {
		return unwritable(path, err)
	}
	return nil
}

// check returns the error that [Load] would, was this the text of the file.
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

// encode returns a value as TOML writes it. One of another type is a mistake
// in this program.
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
	default:
		panic(fmt.Sprintf("config: a %T cannot be a setting", value))
	}
}

// edit returns a valid text with one key changed or added.
func edit(text []byte, key []string, value string) []byte {
	var mark []byte
	if bytes.HasPrefix(text, byteOrderMark) {
		mark, text = byteOrderMark, text[len(byteOrderMark):]
	}
	from, to, inserted := insertion(newIndex(text), key, value)
	return slices.Concat(mark, text[:from], []byte(inserted), text[to:])
}

// insertion returns what to put in the place of which bytes so that a key has a
// value. In this order, it is where
//
//   - the key is stated: its value is replaced
//   - an inline table holds the key's table: it goes behind the last in that
//   - the key's table has its header: behind the last in that table
//   - the key's table, or one around it, is made by dotted keys: behind the last
//     of these, dotted as well
//   - there is nothing of it: in a table of its own at the end, or at the top
//     for a key that is in no table
func insertion(o *index, key []string, value string) (from, to int, inserted string) {
	table := key[:len(key)-1]
	var inline, header, dottedPair *entry
	common := 0 // names that the key and dottedPair have in common
	for _, e := range o.entries {
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
		if last := o.last(inline); last != nil {
			return last.end, last.end, ", " + pair
		}
		return inline.value + 1, inline.value + 1, pair // behind the brace
	case len(table) == 0:
		return o.atTop(key[0], value)
	case header != nil:
		if last := o.last(header); last != nil {
			header = last
		}
		return o.afterLine(header.end, dotted(key[len(table):])+" = "+value)
	case dottedPair != nil:
		return o.afterLine(dottedPair.end, dotted(key[len(dottedPair.in.path):])+" = "+value)
	default:
		eol, text := o.eol(), ""
		if len(o.text) > 0 {
			text = eol
			if !bytes.HasSuffix(o.text, []byte("\n")) {
				text += eol
			}
		}
		text += "[" + dotted(table) + "]" + eol + dotted(key[len(table):]) + " = " + value + eol
		return len(o.text), len(o.text), text
	}
}

// last returns the last pair that is directly in an entry.
func (o *index) last(in *entry) *entry {
	for _, e := range slices.Backward(o.entries) {
		if e.kind == entryPair && e.in == in {
			return e
		}
	}
	return nil
}

// headerLine is a line with the header of a table, commented or not.
var headerLine = regexp.MustCompile(`(?m)^[ \t#]*\[`)

// atTop places a key that is in no table. All such keys have to be before the
// first header, and before a commented one as well, which somebody may put in
// force: it goes behind the last of them, else behind the comment that shows
// it, else to the top.
func (o *index) atTop(key, value string) (from, to int, inserted string) {
	line := dotted([]string{key}) + " = " + value
	if last := o.last(o.entries[0]); last != nil {
		return o.afterLine(last.end, line)
	}
	top := o.text
	if first := headerLine.FindIndex(o.text); first != nil {
		top = o.text[:first[0]]
	}
	shown := regexp.MustCompile(`(?m)^#[ \t]*` + regexp.QuoteMeta(key) + `[ \t]*=`)
	if at := shown.FindIndex(top); at != nil {
		return o.afterLine(at[1], line)
	}
	return 0, 0, line + o.eol()
}

// afterLine places a line after the one that an offset is in.
func (o *index) afterLine(offset int, line string) (from, to int, inserted string) {
	if end := bytes.IndexByte(o.text[offset:], '\n'); end >= 0 {
		offset += end + 1
		return offset, offset, line + o.eol()
	}
	return len(o.text), len(o.text), o.eol() + line
}

// eol returns how lines of the text end.
func (o *index) eol() string {
	if len(o.newlines) > 0 && o.newlines[0] > 0 && o.text[o.newlines[0]-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// hasPrefix reports whether a key is in the table of the given path.
func hasPrefix(key, path []string) bool {
	return len(path) < len(key) && slices.Equal(key[:len(path)], path)
}

// commonNames returns how many names two keys begin with alike.
func commonNames(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// replace puts a text in the place of a file, all of it or nothing, and keeps
// the file's mode.
func replace(path string, text []byte) error {
	path, err := resolveLink(path)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	switch info, err := os.Stat(path); {
	case err == nil && info.Mode().Perm()&0o200 == 0:
		return fs.ErrPermission // whoever made it read-only meant it
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
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	// The file is whole by now. That its name is on the disk, too, is asked of
	// systems that can tell: Windows cannot.
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
	return nil
}

// writeAll writes a text to the disk and closes the file.
func writeAll(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// maxLinks is how many links are followed.
const maxLinks = 40

// resolveLink returns what a link leads to in the end, which need not exist.
func resolveLink(path string) (string, error) {
	for range maxLinks {
		target, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link, or nothing at all
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", errors.New(i18n.T("config.tooManyLinks"))
}
