package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

const settingsHint = "There are: profile, and in [profiles.NAME]: name, image, kind, port"

// isSetting reports whether there is such a key. Decoding cannot tell: to the
// library PORT is as good as port.
func isSetting(path []string) bool {
	switch len(path) {
	case 1:
		return path[0] == "profile" || path[0] == "profiles"
	case 2:
		return path[0] == "profiles"
	case 3:
		return path[0] == "profiles" && slices.Contains([]string{"name", "image", "kind", "port"}, path[2])
	default:
		return false
	}
}

// key is a key as a file has it, and its line.
type key struct {
	path []string
	line int
}

// keysOf returns the keys of a text that is valid TOML, in their order.
func keysOf(text []byte) []key {
	var keys []key
	var p unstable.Parser
	add := func(table []string, node *unstable.Node) []string {
		k := key{path: slices.Clone(table)}
		for it := node.Key(); it.Next(); {
			k.path = append(k.path, string(it.Node().Data))
			k.line = p.Shape(it.Node().Raw).Start.Line
		}
		keys = append(keys, k)
		return k.path
	}
	var addValue func(table []string, node *unstable.Node)
	addValue = func(table []string, node *unstable.Node) {
		path := add(table, node)
		if value := node.Value(); value.Kind == unstable.InlineTable {
			for it := value.Children(); it.Next(); {
				addValue(path, it.Node())
			}
		}
	}
	var table []string
	for p.Reset(text); p.NextExpression(); {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = add(nil, e)
		case unstable.KeyValue:
			addValue(table, e)
		}
	}
	return keys
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// dotted returns the key as one would write it in a file.
func dotted(path []string) string {
	parts := slices.Clone(path)
	for i, part := range parts {
		if !bareKey.MatchString(part) {
			parts[i] = strconv.Quote(part)
		}
	}
	return strings.Join(parts, ".")
}
