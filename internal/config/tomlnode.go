package config

import (
	"strings"

	"colabtray/internal/i18n"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// node is the content of a TOML text at one key. go-toml can decode a text into maps
// as well, but it searches all keys for each key, which takes seconds for a file
// with many keys.
type node struct {
	kind   nodeKind
	line   int // where the key first stands, from 1; 0 for the whole text
	table  map[string]*node
	list   []*node
	scalar any
}

// nodeKind is the notation that defines a node. It decides what can be added to the
// node (https://toml.io/en/v1.0.0#table).
type nodeKind int

const (
	nodeScalar  nodeKind = iota
	nodeInline           // {}
	nodeList             // []
	nodeTable            // [a.b]
	nodeImplied          // the a of [a.b]
	nodeDotted           // the a of a.b = 1
	nodeTables           // [[a.b]]
)

// header returns the table that a header defines. It returns nil if TOML forbids the
// header, because the key is defined already.
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
	found := n.table[path[last]]
	switch {
	case found == nil && array:
		found = n.add(path[last], nodeTables, line)
	case found == nil:
		return n.add(path[last], nodeTable, line)
	case found.kind == nodeImplied && !array:
		found.kind = nodeTable
		return found
	case found.kind != nodeTables || !array:
		return nil
	}
	element := &node{kind: nodeTable, line: line}
	found.list = append(found.list, element)
	return element
}

// pair returns a new node for the value of a key. It returns nil if the key is
// defined already.
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

// isTable reports whether a node is a single table, in any notation.
func (n *node) isTable() bool {
	return n.kind != nodeScalar && n.kind != nodeList && n.kind != nodeTables
}

// value returns the node as map[string]any, []any or a value of [scalar].
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

// stated returns the value of a key in a table, nil if the table has none.
func (n *node) stated(key string) any {
	if n == nil || n.table[key] == nil {
		return nil
	}
	return n.table[key].value() // also nil if an invalid text ends before the value
}

// scalar returns a value as go-toml decodes it, or the reason why it is invalid. The
// reason does not contain the value, which may be a secret. go-toml's own error for
// a number that is too large contains the number.
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
