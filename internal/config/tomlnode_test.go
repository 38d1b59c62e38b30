package config

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// FuzzValues: our values equal those of the TOML library, and texts that the library
// refuses are refused, as are texts that nest deeper than any setting.
func FuzzValues(f *testing.F) {
	for _, text := range []string{
		"", "a = 1\na = 2", "a.b = 1\na.c = 2", "[a]\nb.c = 1\n[a.b.d]\ne = 1", "[a.b]\n[a]\nb.c = 1", "[a]\n[a]", "[a.b]\n[a]\nc = 1",
		"[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 1", "[[a]]\n[a]", "[a]\n[[a]]", "a = []\n[[a]]", "a = {}\n[a.b]", "a = {b = 1, b = 2}", "a = {b.c = 1, b.d = 2}",
		"a = {b = {}, b.c = 1}", "a = [{b = 1}, {b = 1}]", "a = [[1], [2, 'x']]", "[[a.b]]\n[[a.b]]\nc.d = 1", "a = 1\n[a.b]", "a.b = 1\n[a]",
		"a = 0x1F\nb = 1_000\nc = 1e3\nd = inf\ne = 1979-05-27T07:32:00Z\nf = 07:32:00\ng = 1979-05-27", "a = 01", "a = 1__0", "a = 2021-13-45", "a = 99999999999999999999",
		"a = '''\nx'''\n\"b\\u00e9\" = \"\\U0001F600\"", "a = true # c\r\n'' = false", "a.'b.c'.\"d\" = nan", "a = [\n1, # one\n2,\n]", "\"\" = 1\n[\"\".a]", "=", "[", "a = \xff", "# \xff",
		string(DefaultFile()),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o := newIndex(text)
		var want map[string]any
		err := toml.Unmarshal(text, &want)
		switch {
		case o.err != nil && strings.HasSuffix(o.err.Short, "deeper than any setting"):
		case (o.err == nil) != (err == nil):
			t.Fatalf("%q: got %v, want %v", text, o.err, err)
		case err == nil && !same(o.root.value(), want):
			t.Fatalf("%q: got %#v, want %#v", text, o.root.value(), want)
		}
	})
}

// same compares values like [reflect.DeepEqual], except that NaN equals itself.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, is := b.(map[string]any)
		if !is || len(a) != len(b) {
			return false
		}
		for name, value := range a {
			if other, there := b[name]; !there || !same(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, is := b.([]any)
		if !is || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case float64:
		b, is := b.(float64)
		return is && (a == b || math.IsNaN(a) && math.IsNaN(b))
	default:
		return reflect.DeepEqual(a, b)
	}
}
