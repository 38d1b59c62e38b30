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

// The deepest that there is: profiles.NAME.env.VARIABLE, and a list. One more of
// each is read, because what is wrong with it can be said better. What is deeper is refused before anything
// is made of it: each level of a key that is as long as the file costs as much
// again as all above it.
const (
	maxNames = 5
	maxLists = 2
)

// maxEntries is how many there can be in a text. Nobody has so many settings; but
// a text of the largest size that is nothing but small tables could, and would
// take some hundred megabytes.
const maxEntries = 100_000

// index tells where everything is in a text, and what it says.
type index struct {
	text []byte
	// entries are in the order of the text; the first stands for the text
	// itself.
	entries  []*entry
	root     *node
	newlines []int // the offset of each
	err      *Error
}

// entryKind tells what an entry is.
type entryKind int

const (
	entryTable   entryKind = iota // [a.b], and the text itself
	entryArray                    // [[a.b]]
	entryPair                     // a.b = 1
	entryElement                  // an element of an array
)

// entry is one thing in a text.
type entry struct {
	kind entryKind
	// path is its key from the top; an element of an array has that of the
	// array.
	path []string
	// in is what it is stated in: a table, or what has an inline table or an
	// array as its value.
	in *entry
	// start and end are its offsets, without what is around it in its line; of a
	// pair, value is that of its value.
	start, value, end int
	// inline tells that its value is an inline table.
	inline bool
	// array tells that it is in an array somewhere.
	array bool
}

// newIndex returns the outline of a text, up to the first that is wrong; its
// err tells what that is.
func newIndex(text []byte) *index {
	o := &index{text: text, entries: []*entry{{}}, root: &node{kind: nodeTable}}
	for i, b := range text {
		if b == '\n' {
			o.newlines = append(o.newlines, i)
		}
	}
	in, table := o.entries[0], o.root
	var p unstable.Parser
	for p.Reset(text); o.err == nil && p.NextExpression(); {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			kind := entryTable
			if e.Kind == unstable.ArrayTable {
				kind = entryArray
			}
			if in = o.add(kind, o.entries[0], e); in != nil {
				in.array = kind == entryArray
				table = o.stated(in, o.root.header(in.path, in.array, o.line(in)))
			}
		case unstable.KeyValue:
			o.addPair(&p, in, table, e, 0)
		}
	}
	var wrong *unstable.ParserError
	if errors.As(p.Error(), &wrong) && o.err == nil {
		o.err = &Error{Line: p.Shape(p.Range(wrong.Highlight)).Start.Line, Short: i18n.T("config.syntax", "parser", wrong.Message)}
	}
	return o
}

// add adds what has a key, unless that is too deep.
func (o *index) add(kind entryKind, in *entry, node *unstable.Node) *entry {
	e := &entry{kind: kind, in: in, path: slices.Clone(in.path), array: in.array}
	for it := node.Key(); it.Next(); {
		name := it.Node()
		if len(e.path) == len(in.path) {
			e.start = int(name.Raw.Offset)
		}
		if len(e.path) == maxNames {
			o.tooDeep(e)
			return nil
		}
		e.end = int(name.Raw.Offset + name.Raw.Length)
		e.path = append(e.path, string(name.Data))
	}
	if !o.append(e) {
		return nil
	}
	return e
}

// append adds an entry unless there are too many.
func (o *index) append(e *entry) bool {
	if len(o.entries) == maxEntries {
		o.err = &Error{Line: o.line(e), Short: i18n.T("config.tooMany", "most", maxEntries), Hint: i18n.T("config.tooLargeHint")}
		return false
	}
	o.entries = append(o.entries, e)
	return true
}

func (o *index) addPair(p *unstable.Parser, in *entry, table *node, node *unstable.Node, lists int) {
	e := o.add(entryPair, in, node)
	if e == nil {
		return
	}
	blank := func() {
		for o.text[e.value] == ' ' || o.text[e.value] == '\t' {
			e.value++
		}
	}
	e.value = e.end
	blank()
	e.value++ // the "="
	blank()
	e.end = int(node.Raw.Offset + node.Raw.Length)
	if value := o.stated(e, table.pair(e.path[len(in.path):], o.line(e))); value != nil {
		o.addValue(p, e, value, node.Value(), lists)
	}
}

// addValue adds what is in a value.
func (o *index) addValue(p *unstable.Parser, of *entry, to *node, value *unstable.Node, lists int) {
	switch value.Kind {
	case unstable.InlineTable:
		of.inline = true
		to.kind = nodeInline
		for it := value.Children(); o.err == nil && it.Next(); {
			o.addPair(p, of, to, it.Node(), lists)
		}
	case unstable.Array:
		to.kind = nodeList
		if lists == maxLists {
			o.tooDeep(of)
		}
		for it := value.Children(); o.err == nil && it.Next(); {
			e := &entry{kind: entryElement, path: of.path, in: of, array: true, start: of.start}
			if raw := it.Node().Raw; raw.Length > 0 { // arrays have none
				e.start = int(raw.Offset)
			}
			if !o.append(e) {
				return
			}
			element := &node{line: o.line(e)}
			to.list = append(to.list, element)
			o.addValue(p, e, element, it.Node(), lists+1)
		}
	default:
		var short string
		if to.scalar, short = scalar(value, p.Raw(value.Raw)); short != "" {
			o.err = &Error{Line: o.line(of), Key: displayKey(of.path), Short: short}
		}
	}
}

// stated returns the node that an entry makes, if it can.
func (o *index) stated(e *entry, n *node) *node {
	if n == nil {
		o.err = &Error{Line: o.line(e), Key: displayKey(e.path), Short: i18n.T("config.twice")}
	}
	return n
}

func (o *index) tooDeep(e *entry) {
	hint := unknownKey(e.path)
	if hint == "" {
		hint = i18n.T("config.tooDeepHint")
	}
	o.err = &Error{Line: o.line(e), Key: displayKey(e.path), Short: i18n.T("config.tooDeep"), Hint: hint}
}

// line returns the line an entry begins in.
func (o *index) line(e *entry) int { return sort.SearchInts(o.newlines, e.start) + 1 }

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// dotted returns the key as one would write it in a file.
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

// longestShown is how much of a name is shown to a person, in bytes.
const longestShown = 100

// displayKey returns the key for a person: nobody reads a name of a megabyte.
func displayKey(path []string) string {
	path = slices.Clone(path)
	for i, name := range path {
		if len(name) > longestShown {
			path[i] = strings.ToValidUTF8(name[:longestShown], "") + "…"
		}
	}
	return dotted(path)
}

// quote returns a text as TOML writes it, without control characters.
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
