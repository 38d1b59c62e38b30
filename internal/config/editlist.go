package config

import (
	"bytes"
	"reflect"
	"slices"

	"colabtray/internal/i18n"
)

// AddFolder adds a folder to a profile in the settings file, or changes whether it is
// read only. All comments of the file stay, and a missing file starts as
// [DefaultFile]. Like [Set] it writes nothing if the result would have an error.
func AddFolder(path, profile string, f Folder) error {
	return changeFolders(path, profile, func(p Profile) (Profile, error) {
		if p.HasFolder(f) {
			return p, nil
		}
		with, short, hint := p.WithFolder(f)
		if short != "" {
			return p, &Error{File: path, Short: short, Hint: hint}
		}
		return with, nil
	})
}

// RemoveFolder removes the folder with a path on the host from a profile in the
// settings file. If the profile does not have the folder, nothing changes.
func RemoveFolder(path, profile, host string) error {
	return changeFolders(path, profile, func(p Profile) (Profile, error) {
		p.Folders = slices.DeleteFunc(slices.Clone(p.Folders), func(f Folder) bool { return f.Host == host })
		return p, nil
	})
}

// changeFolders changes the folders of a profile in the settings file.
func changeFolders(path, profile string, change func(Profile) (Profile, error)) error {
	return rewrite(path, func(text []byte) ([]byte, error) {
		before, err := profileIn(path, text, profile)
		if err != nil {
			return nil, err
		}
		wanted, err := change(before)
		if err != nil {
			return nil, err
		}
		for i, f := range slices.Backward(before.Folders) {
			if !slices.Contains(wanted.Folders, f) {
				text = removeItem(text, foldersOf(profile), i)
			}
		}
		for _, f := range wanted.Folders {
			if !slices.Contains(before.Folders, f) {
				text = addItem(text, foldersOf(profile), f.brief(wanted.Kind))
			}
		}
		after, err := profileIn(path, text, profile)
		if err != nil || !sameFolders(after.Folders, wanted.Folders) { // the notation of the list is not known
			return nil, &Error{File: path, Key: dotted(foldersOf(profile)), Short: i18n.T("config.foldersByHand"), Hint: i18n.T("config.foldersByHandHint")}
		}
		return text, nil
	})
}

// foldersOf returns the key of a profile's folders.
func foldersOf(profile string) []string { return profileTable.at(profile).in("folders").key }

// sameFolders reports whether two lists have the same folders in any order.
func sameFolders(a, b []Folder) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(f Folder) bool { return !slices.Contains(b, f) })
}

// profileIn returns a profile as a text of the settings file has it.
func profileIn(path string, text []byte, profile string) (Profile, error) {
	content := &file{path: path}
	if err := content.parse(text); err != nil {
		return Profile{}, err
	}
	s, err := content.settings(Sources{})
	if err != nil {
		return Profile{}, err
	}
	p, known := s.Profiles[profile]
	if !known {
		return p, &Error{File: path, Short: i18n.T("config.noProfile", "name", i18n.Escaped(profile))}
	}
	return p, nil
}

// brief returns the folder as an inline table without the settings that have their
// default.
func (f Folder) brief(kind Kind) string {
	text := "{host = " + quote(f.Host)
	if f.Path != f.defaultPath(kind) {
		text += ", path = " + quote(f.Path)
	}
	if f.ReadOnly {
		text += ", read_only = true"
	}
	return text + "}"
}

// addItem adds an item, as TOML, to the end of the list of a key.
func addItem(text []byte, key []string, item string) []byte {
	mark, text := cutMark(text)
	x := newIndex(text)
	if block := x.lastOf(entryArray, key); block != nil {
		end := block.end
		if pair := x.last(block); pair != nil {
			end = pair.end
		}
		header := "[[" + dotted(key) + "]]" + x.eol()
		from, _, lines := x.afterLine(end, header+pairsOf(item, x.eol()))
		return slices.Concat(mark, text[:from], []byte(lines), text[from:])
	}
	list := x.lastOf(entryPair, key)
	if list == nil || text[list.value] != '[' {
		return edit(slices.Concat(mark, text), key, "["+item+"]")
	}
	at, before := list.value+1, ""
	if items := x.items(list); len(items) > 0 {
		at, before = x.itemEnd(items[len(items)-1]), ", "
	} else if next := bytes.TrimLeft(text[at:], " \t"); len(next) > 0 && next[0] == '#' {
		item += "," // before the comment
	}
	return slices.Concat(mark, text[:at], []byte(before+item), text[at:])
}

// setItems gives a list other items. What stands beside those that stay is kept,
// unless they change their order.
func setItems(text []byte, key []string, wanted []any) []byte {
	var gone []int
	next := 0 // the first of the wanted items that the list does not have
	for i, item := range itemsIn(text, key) {
		if next < len(wanted) && reflect.DeepEqual(item, wanted[next]) {
			next++
		} else {
			gone = append(gone, i)
		}
	}
	edited := text
	for _, i := range slices.Backward(gone) {
		edited = removeItem(edited, key, i)
	}
	for _, item := range wanted[next:] {
		edited = addItem(edited, key, encode(item))
	}
	if reflect.DeepEqual(itemsIn(edited, key), wanted) {
		return edited
	}
	return edit(text, key, encode(wanted))
}

// itemsIn returns the items of a list in a text, nil if there is no such list.
func itemsIn(text []byte, key []string) []any {
	_, text = cutMark(text)
	where := at(key...)
	if n := (&file{root: newIndex(text).root}).node(&where); n != nil && n.kind == nodeList {
		return n.value().([]any)
	}
	return nil
}

// removeItem removes an item of the list of a key.
func removeItem(text []byte, key []string, i int) []byte {
	mark, text := cutMark(text)
	x := newIndex(text)
	from, to := 0, 0
	if list := x.lastOf(entryPair, key); list != nil {
		from, to = x.itemRange(x.items(list), i)
	} else {
		from, to = x.blockRange(key, i)
	}
	return slices.Concat(mark, text[:from], text[to:])
}

// cutMark cuts the byte order mark from a text.
func cutMark(text []byte) (mark, rest []byte) {
	if bytes.HasPrefix(text, byteOrderMark) {
		return byteOrderMark, text[len(byteOrderMark):]
	}
	return nil, text
}

// lastOf returns the last entry of a kind with a key.
func (x *index) lastOf(kind entryKind, key []string) *entry {
	for _, e := range slices.Backward(x.entries) {
		if e.kind == kind && slices.Equal(e.path, key) {
			return e
		}
	}
	return nil
}

// items returns the elements of the array that is the value of a pair.
func (x *index) items(list *entry) (items []*entry) {
	for _, e := range x.entries {
		if e.kind == entryElement && e.in == list {
			items = append(items, e)
		}
	}
	return items
}

// itemEnd returns the offset behind an element that is an inline table or a scalar.
func (x *index) itemEnd(item *entry) int {
	if !item.inline {
		return item.end
	}
	end := item.start
	if pair := x.last(item); pair != nil {
		end = pair.end
	}
	return end + bytes.IndexByte(x.text[end:], '}') + 1
}

// itemRange returns the range of an element with its comma and, if it has lines of its
// own, with these lines. Comments behind it on its line go with it.
func (x *index) itemRange(items []*entry, i int) (from, to int) {
	if i >= len(items) {
		return 0, 0
	}
	from, to = items[i].start, x.itemEnd(items[i])
	rest := bytes.TrimLeft(x.text[to:], " \t\r\n")
	switch {
	case len(rest) > 0 && rest[0] == ',':
		to = len(x.text) - len(rest) + 1
	case i+1 < len(items):
		return from, items[i+1].start // a comment stands before the comma
	}
	line := bytes.LastIndexByte(x.text[:from], '\n') + 1
	ownLine := len(bytes.TrimLeft(x.text[line:from], " \t")) == 0
	tail := x.text[to:]
	if end := bytes.IndexByte(tail, '\n'); ownLine && end >= 0 {
		if behind := bytes.TrimLeft(tail[:end], " \t\r"); len(behind) == 0 || behind[0] == '#' {
			return line, to + end + 1
		}
	}
	return from, to + len(tail) - len(bytes.TrimLeft(tail, " \t"))
}

// blockRange returns the range of the lines of a table in an array of tables.
func (x *index) blockRange(key []string, i int) (from, to int) {
	for _, e := range x.entries {
		if e.kind != entryArray || !slices.Equal(e.path, key) {
			continue
		}
		if i > 0 {
			i--
			continue
		}
		end := e.end
		if pair := x.last(e); pair != nil {
			end = pair.end
		}
		from = bytes.LastIndexByte(x.text[:e.start], '\n') + 1
		to, _, _ = x.afterLine(end, "")
		return from, to
	}
	return 0, 0
}

// pairsOf returns an inline table as lines of pairs.
func pairsOf(item, eol string) string {
	x := newIndex([]byte("t = " + item))
	var lines []byte
	for _, e := range x.entries {
		if e.kind == entryPair && len(e.path) == 2 {
			if lines != nil {
				lines = append(lines, eol...)
			}
			lines = append(lines, x.text[e.start:e.end]...)
		}
	}
	return string(lines)
}
