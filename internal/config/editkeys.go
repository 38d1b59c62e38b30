package config

import (
	"bytes"
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// removeKey removes a key, and all keys below it, from a valid text. The comments
// beside what it removes stay.
func removeKey(text []byte, key []string) []byte {
	mark, text := cutMark(text)
	x := newIndex(text)
	gone := func(e *entry) bool { return slices.Equal(e.path, key) || hasPrefix(e.path, key) }
	inline := map[*entry][]*entry{} // the pairs of each inline table
	for _, e := range x.entries {
		if e.kind == entryPair && e.in.inline {
			inline[e.in] = append(inline[e.in], e)
		}
	}
	var kept [][]byte
	from := 0
	for _, e := range x.entries[1:] {
		within := e.in.kind == entryPair || e.in.kind == entryElement
		if !gone(e) || e.kind == entryElement || within && gone(e.in) {
			continue
		}
		start, end := e.start, e.end
		switch {
		case within:
			start, end = x.inlineRange(inline[e.in], e, gone)
		case e.kind != entryPair:
			start, end = x.lineRange(x.header(e))
		default:
			start, end = x.lineRange(start, end)
		}
		if start > from {
			kept = append(kept, text[from:start])
		}
		from = max(from, end)
	}
	return slices.Concat(mark, bytes.Join(kept, nil), text[from:])
}

// header returns the range of a table's header with its brackets.
func (x *index) header(e *entry) (from, to int) {
	from = bytes.LastIndexByte(x.text[:e.start], '\n') + 1
	from += bytes.IndexByte(x.text[from:], '[')
	to = e.end + bytes.IndexByte(x.text[e.end:], ']') + 1
	if e.kind == entryArray {
		to++
	}
	return from, to
}

// lineRange returns a range with its line, unless a comment is on the line.
func (x *index) lineRange(start, end int) (from, to int) {
	line := bytes.LastIndexByte(x.text[:start], '\n') + 1
	rest := bytes.TrimLeft(x.text[end:], " \t\r")
	to = len(x.text) - len(rest)
	if len(rest) > 0 && rest[0] == '\n' {
		return line, to + 1
	}
	if len(rest) == 0 {
		return line, to
	}
	return start, to
}

// inlineRange returns the range of a pair of an inline table, with its comma. The
// function gone tells which pairs of the table are removed.
func (x *index) inlineRange(siblings []*entry, e *entry, gone func(*entry) bool) (from, to int) {
	from, to = e.start, e.end
	rest := bytes.TrimLeft(x.text[to:], " \t\r\n")
	if len(rest) > 0 && rest[0] == ',' {
		to = len(x.text) - len(bytes.TrimLeft(rest[1:], " \t"))
	}
	last := true
	before := -1
	for _, other := range siblings {
		switch {
		case gone(other):
		case other.start > e.start:
			last = false
		default:
			before = other.end
		}
	}
	if last && before >= 0 && len(bytes.Trim(x.text[before:from], " \t\r\n,")) == 0 {
		from = before
	}
	return from, to
}

// renameKey changes the last name of a key wherever a valid text has it.
func renameKey(text []byte, key []string, name string) []byte {
	mark, text := cutMark(text)
	x := newIndex(text)
	n := len(key) - 1
	var parts [][]byte
	from := 0
	for _, e := range x.entries[1:] {
		if e.kind == entryElement || len(e.in.path) > n || len(e.path) <= n || !slices.Equal(e.path[:n+1], key) {
			continue
		}
		start, end := x.nameRange(e, n-len(e.in.path))
		parts = append(parts, text[from:start], []byte(dotted([]string{name})))
		from = end
	}
	return slices.Concat(mark, bytes.Join(parts, nil), text[from:])
}

// nameRange returns the range of the nth name in an entry's own key.
func (x *index) nameRange(e *entry, n int) (from, to int) {
	own, shift := x.text[e.start:e.end], e.start
	if e.kind != entryPair {
		own, shift = slices.Concat([]byte("["), own, []byte("]")), e.start-1
	}
	var p unstable.Parser
	p.Reset(own)
	p.NextExpression()
	for it := p.Expression().Key(); it.Next(); n-- {
		if raw := it.Node().Raw; n == 0 {
			return shift + int(raw.Offset), shift + int(raw.Offset+raw.Length)
		}
	}
	panic("config: the key has fewer names") // cannot happen: the index has them
}
