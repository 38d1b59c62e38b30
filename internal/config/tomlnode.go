package config

import (
	"strings"

	"colabtray/internal/i18n"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// node is what a text says in one place. The library could make maps of a text,
// too; but it looks for each key among all, which takes seconds for a file with
// many.
type node struct {
	kind   nodeKind
	line   int // where it is first stated; 0 for the text itself
	table  map[string]*node
	list   []*node
	scalar any
}

// nodeKind tells how a node is stated, which decides what can still be added to
// it (https://toml.io/en/v1.0.0#table).
type nodeKind int

const (
	nodeScalar  nodeKind = iota
	nodeInline           // {}
	nodeList             // []
	nodeTable            // [a.b]
	nodeImplied          // the a of it
	nodeDotted           // the a of a.b = 1
	nodeTables           // [[a.b]]
)

// header returns the table that a header begins, nil where it cannot: there is
// something else.
func (n *node) header(path []string, array bool, line int) *node {
	last := len(path) - 1
	for _, name := range path[:last] {
		next := n.table[name]
		if next == nil {
			next = n.add(name, nodeImplied, line)
		}
		switch next.kind {
		case nodeTable, nodeImplied, nodeDotted:
		case nodeTables:
			next = next.list[len(next.list)-1]
		default:
			return nil
		}
		n = next
	}
	it := n.table[path[last]]
	switch {
	case it == nil && array:
		it = n.add(path[last], nodeTables, line)
	case it == nil:
		return n.add(path[last], nodeTable, line)
	case it.kind == nodeImplied && !array:
		it.kind = nodeTable
		return it
	case it.kind != nodeTables || !array:
		return nil
	}
	element := &node{kind: nodeTable, line: line}
	it.list = append(it.list, element)
	return element
}

// pair returns a node for the value of a key, nil where there is something
// already.
func (n *node) pair(path []string, line int) *node {
	last := len(path) - 1
	for _, name := range path[:last] {
		next := n.table[name]
		if next == nil {
			next = n.add(name, nodeDotted, line)
		}
		if next.kind != nodeDotted {
			return nil
		}
		n = next
	}
	if n.table[path[last]] != nil {
		return nil
	}
	return n.add(path[last], nodeScalar, line)
}

func (n *node) add(name string, kind nodeKind, line int) *node {
	if n.table == nil {
		n.table = map[string]*node{}
	}
	added := &node{kind: kind, line: line}
	n.table[name] = added
	return added
}

// isTable reports whether a node is one table, however it is stated.
func (n *node) isTable() bool {
	return n.kind != nodeScalar && n.kind != nodeList && n.kind != nodeTables
}

// value returns what a node says, as maps, lists, and what [scalar] returns.
func (n *node) value() any {
	switch {
	case n.isTable():
		values := make(map[string]any, len(n.table))
		for name, child := range n.table {
			values[name] = child.value()
		}
		return values
	case n.kind == nodeScalar:
		return n.scalar
	default:
		values := make([]any, len(n.list))
		for i, element := range n.list {
			values[i] = element.value()
		}
		return values
	}
}

// stated returns what a table says of a key, nil for nothing.
func (n *node) stated(key string) any {
	if n == nil || n.table[key] == nil {
		return nil
	}
	return n.table[key].value() // nil, too, where a text that is wrong ends before the value
}

// scalar returns a value as the library decodes it, or what is wrong with it.
// The library's words for a number that is too large repeat it, though it may be
// a secret.
func scalar(value *unstable.Node, raw []byte) (v any, short string) {
	switch value.Kind {
	case unstable.String:
		return string(value.Data), ""
	case unstable.Bool:
		return string(value.Data) == "true", ""
	}
	var alone struct{ V any }
	err := toml.Unmarshal(append([]byte("V = "), raw...), &alone)
	switch {
	case err == nil:
		return alone.V, ""
	case value.Kind == unstable.Integer || value.Kind == unstable.Float:
		return nil, i18n.T("config.noNumber")
	default:
		return nil, i18n.T("config.syntax", "parser", strings.TrimPrefix(err.Error(), "toml: "))
	}
}
