package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"colabtray/internal/i18n"

	"github.com/pelletier/go-toml/v2/unstable"
)

// Limits of nesting. The deepest key is profiles.NAME.env.VARIABLE, and the deepest
// list is a list. One more level of each is read to make a better error message.
// Deeper content is refused before it is stored: in a key that is as long as the
// file, each level costs as much memory as all levels above it.
const (
	maxNames = 5
	maxLists = 2
)

// maxEntries limits the number of entries in a text. No person has so many settings.
// Without the limit, a file of the largest size that consists of small tables would
// take some hundred megabytes of memory.
const maxEntries = 100_000

// index is the content of a text and the position of each part of it.
type index struct {
	text []byte
	// entries are in the order of the text. The first entry is the whole text.
	entries  []*entry
	root     *node
	newlines []int // the offset of each line end
	err      *Error
}

// entryKind is the kind of an entry.
type entryKind int

const (
	entryTable   entryKind = iota // [a.b], and the whole text
	entryArray                    // [[a.b]]
	entryPair                     // a.b = 1
	entryElement                  // an element of an array
)

// entry is a table, a pair of key and value, or an element of an array.
type entry struct {
	kind entryKind
	// path is the full key. An element of an array has the path of the array.
	path []string
	// in is the entry that contains this entry: a table, or an entry whose value is
	// an inline table or an array.
	in *entry
	// start and end are the offsets of the entry, without blanks and comments
	// around it; end is 0 for an array in an array, and means nothing for an inline
	// table in one. value is the offset of a pair's value.
	start, value, end int
	// inline is true if the value is an inline table.
	inline bool
	// array is true if the entry is inside an array, at any depth.
	array bool
}

// newIndex returns the index of a text up to the first error, which is in the field
// err.
func newIndex(text []byte) *index {
	x := &index{text: text, entries: []*entry{{}}, root: &node{kind: nodeTable}}
	for i, b := range text {
		if b == '\n' {
			x.newlines = append(x.newlines, i)
		}
	}
	in, table := x.entries[0], x.root
	var p unstable.Parser
	for p.Reset(text); x.err == nil && p.NextExpression(); {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			kind := entryTable
			if e.Kind == unstable.ArrayTable {
				kind = entryArray
			}
			if in = x.add(kind, x.entries[0], e); in != nil {
				in.array = kind == entryArray
				table = x.stated(in, x.root.header(in.path, in.array, x.line(in)))
			}
		case unstable.KeyValue:
			x.addPair(&p, in, table, e, 0)
		}
	}
	var wrong *unstable.ParserError
	if errors.As(p.Error(), &wrong) && x.err == nil {
		x.err = &Error{Line: p.Shape(p.Range(wrong.Highlight)).Start.Line, Short: i18n.T("config.syntax", "parser", wrong.Message)}
	}
	return x
}

// add adds an entry that has a key, unless the key is too deep.
func (x *index) add(kind entryKind, in *entry, node *unstable.Node) *entry {
	e := &entry{kind: kind, in: in, path: slices.Clone(in.path), array: in.array}
	for it := node.Key(); it.Next(); {
		name := it.Node()
		if len(e.path) == len(in.path) {
			e.start = int(name.Raw.Offset)
		}
		if len(e.path) == maxNames {
			x.tooDeep(e)
			return nil
		}
		e.end = int(name.Raw.Offset + name.Raw.Length)
		e.path = append(e.path, string(name.Data))
	}
	if !x.append(e) {
		return nil
	}
	return e
}

// append adds an entry, unless there are too many entries.
func (x *index) append(e *entry) bool {
	if len(x.entries) == maxEntries {
		x.err = &Error{Line: x.line(e), Short: i18n.T("config.tooMany", "most", maxEntries), Hint: i18n.T("config.tooLargeHint")}
		return false
	}
	x.entries = append(x.entries, e)
	return true
}

func (x *index) addPair(p *unstable.Parser, in *entry, table *node, node *unstable.Node, lists int) {
	e := x.add(entryPair, in, node)
	if e == nil {
		return
	}
	blank := func() {
		for x.text[e.value] == ' ' || x.text[e.value] == '\t' {
			e.value++
		}
	}
	e.value = e.end
	blank()
	e.value++ // the "="
	blank()
	e.end = int(node.Raw.Offset + node.Raw.Length)
	if value := x.stated(e, table.pair(e.path[len(in.path):], x.line(e))); value != nil {
		x.addValue(p, e, value, node.Value(), lists)
	}
}

// addValue adds the content of a value.
func (x *index) addValue(p *unstable.Parser, of *entry, to *node, value *unstable.Node, lists int) {
	switch value.Kind {
	case unstable.InlineTable:
		of.inline = true
		to.kind = nodeInline
		for it := value.Children(); x.err == nil && it.Next(); {
			x.addPair(p, of, to, it.Node(), lists)
		}
	case unstable.Array:
		to.kind = nodeList
		if lists == maxLists {
			x.tooDeep(of)
		}
		for it := value.Children(); x.err == nil && it.Next(); {
			e := &entry{kind: entryElement, path: of.path, in: of, array: true, start: of.start}
			if raw := it.Node().Raw; raw.Length > 0 { // the parser gives none for an array
				e.start, e.end = int(raw.Offset), int(raw.Offset+raw.Length)
			}
			if !x.append(e) {
				return
			}
			element := &node{line: x.line(e)}
			to.list = append(to.list, element)
			x.addValue(p, e, element, it.Node(), lists+1)
		}
	default:
		var short string
		if to.scalar, short = scalar(value, p.Raw(value.Raw)); short != "" {
			x.err = &Error{Line: x.line(of), Key: displayKey(of.path), Short: short}
		}
	}
}

// stated returns n. If n is nil, it records the error that the key is defined twice.
func (x *index) stated(e *entry, n *node) *node {
	if n == nil {
		x.err = &Error{Line: x.line(e), Key: displayKey(e.path), Short: i18n.T("config.twice")}
	}
	return n
}

func (x *index) tooDeep(e *entry) {
	hint := unknownKey(e.path)
	if hint == "" {
		hint = i18n.T("config.tooDeepHint")
	}
	x.err = &Error{Line: x.line(e), Key: displayKey(e.path), Short: i18n.T("config.tooDeep"), Hint: hint}
}

// line returns the line where an entry begins, from 1.
func (x *index) line(e *entry) int { return sort.SearchInts(x.newlines, e.start) + 1 }

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// dotted returns a key in TOML's notation.
func dotted(path []string) string {
	names := make([]string, len(path))
	for i, name := range path {
		if !bareKey.MatchString(name) {
			name = quote(name)
		}
		names[i] = name
	}
	return strings.Join(names, ".")
}

// longestShown is the length at which a name is cut in error messages, in bytes.
const longestShown = 100

// displayKey returns a key for error messages, with long names cut.
func displayKey(path []string) string {
	path = slices.Clone(path)
	for i, name := range path {
		if len(name) > longestShown {
			path[i] = strings.ToValidUTF8(name[:longestShown], "") + "…"
		}
	}
	return dotted(path)
}

// quote returns a text as a TOML string. Control characters are escaped.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
