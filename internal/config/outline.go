package config

import (
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// outline tells where everything is in a text that is valid TOML.
type outline struct {
	text []byte
	// entries are in the order of the text; the first stands for the text
	// itself.
	entries  []*entry
	newlines []int // the offset of each
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
	// place is its key with the numbers of elements, as in a.b[0].c.
	place string
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

// outlineOf returns the outline of a text that is valid TOML.
func outlineOf(text []byte) *outline {
	o := &outline{text: text, entries: []*entry{{}}}
	for i, b := range text {
		if b == '\n' {
			o.newlines = append(o.newlines, i)
		}
	}
	tables := map[string]int{} // how many of each array of tables there are
	table := o.entries[0]
	var p unstable.Parser
	for p.Reset(text); p.NextExpression(); {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = o.add(entryTable, o.entries[0], e)
		case unstable.ArrayTable:
			table = o.add(entryArray, o.entries[0], e)
			table.array = true
			n := tables[table.place]
			tables[table.place]++
			table.place = numbered(table.place, n)
		case unstable.KeyValue:
			o.addPair(&p, table, e)
		}
	}
	return o
}

// add adds what has a key.
func (o *outline) add(kind entryKind, in *entry, node *unstable.Node) *entry {
	e := &entry{kind: kind, in: in, path: slices.Clone(in.path), place: in.place, array: in.array}
	for it := node.Key(); it.Next(); {
		name := it.Node()
		if len(e.path) == len(in.path) {
			e.start = int(name.Raw.Offset)
		}
		e.end = int(name.Raw.Offset + name.Raw.Length)
		e.path = append(e.path, string(name.Data))
		e.place = below(e.place, string(name.Data))
	}
	o.entries = append(o.entries, e)
	return e
}

func (o *outline) addPair(p *unstable.Parser, in *entry, node *unstable.Node) {
	e := o.add(entryPair, in, node)
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
	o.addValue(p, e, node.Value())
}

// addValue adds what is in a value.
func (o *outline) addValue(p *unstable.Parser, of *entry, value *unstable.Node) {
	switch value.Kind {
	case unstable.InlineTable:
		of.inline = true
		for it := value.Children(); it.Next(); {
			o.addPair(p, of, it.Node())
		}
	case unstable.Array:
		n := 0
		for it := value.Children(); it.Next(); n++ {
			e := &entry{kind: entryElement, path: of.path, place: numbered(of.place, n), in: of, array: true, start: of.start}
			if raw := it.Node().Raw; raw.Length > 0 { // arrays have none
				e.start = int(raw.Offset)
			}
			o.entries = append(o.entries, e)
			o.addValue(p, e, it.Node())
		}
	}
}

// line returns the line an entry begins in.
func (o *outline) line(e *entry) int { return sort.SearchInts(o.newlines, e.start) + 1 }

// lines returns the line of each place, of tables that a key makes on the way,
// too.
func (o *outline) lines() map[string]int {
	lines := map[string]int{}
	for _, e := range o.entries[1:] {
		line := o.line(e)
		add := func(place string) {
			if lines[place] == 0 {
				lines[place] = line
			}
		}
		place := e.in.place
		for _, name := range e.path[len(e.in.path):] {
			place = below(place, name)
			add(place)
		}
		add(e.place)
	}
	return lines
}

// below returns the place of a key in a table.
func below(place, name string) string {
	if !bareKey.MatchString(name) {
		name = quote(name)
	}
	if place == "" {
		return name
	}
	return place + "." + name
}

// numbered returns the place of an element of an array.
func numbered(place string, n int) string { return fmt.Sprintf("%s[%d]", place, n) }

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// dotted returns the key as one would write it in a file.
func dotted(path []string) string {
	var place string
	for _, name := range path {
		place = below(place, name)
	}
	return place
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
