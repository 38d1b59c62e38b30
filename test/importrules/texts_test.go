package importrules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"colabtray/test/testenv"

	"github.com/pelletier/go-toml/v2"
)

// use is a text that code says.
type use struct {
	at     token.Position
	name   string   // or, where whole is false, what it begins with
	whole  bool     // the name is known
	values []string // those given
}

// textUses are the texts of shipped code: those it says by name, and those that
// are written in it.
type textUses struct {
	use     []use
	written []token.Position
}

// sentence is what a text for people looks like: it begins with a capital
// letter, and has several words.
var sentence = regexp.MustCompile(`^[A-Z][a-z']* [^/]*[a-z]{2}`)

// TestWords holds code and texts together: every text that code says is there,
// with the values it has; every text that is there is said; and no code has
// texts of its own.
func TestWords(t *testing.T) {
	testenv.DependOnTree()
	const root = "../.."
	texts := readTexts(t, filepath.Join(root, "internal/i18n/en.toml"))
	used := map[string]bool{}
	textUses := findUses(t, root)
	for _, s := range textUses.use {
		if s.name == "" {
			t.Errorf("%v: the name of the text cannot be told from the code", s.at)
			continue
		}
		found := false
		for name, text := range texts {
			if name != s.name && (s.whole || !strings.HasPrefix(name, s.name)) {
				continue
			}
			found, used[name] = true, true
			if lacking := without(valuesOf(text), s.values); s.whole && s.values != nil && len(lacking) > 0 {
				t.Errorf("%v: %s is said without %q", s.at, name, lacking)
			}
			if more := without(s.values, valuesOf(text)); s.whole && len(more) > 0 {
				t.Errorf("%v: %s has no place for %q", s.at, name, more)
			}
		}
		if !found {
			t.Errorf("%v: there is no text %s", s.at, s.name)
		}
	}
	for name := range texts {
		if !used[name] {
			t.Errorf("nobody says %s", name)
		}
	}
	for _, at := range textUses.written {
		t.Errorf("%v: this text for people belongs into internal/i18n", at)
	}
}

// notTexts are sentences in code that are no texts for people, by what they are.
var notTexts = map[string]string{
	"Colab Tray":                   "the name of the program",
	"Docker Desktop":               "a product",
	"Docker Engine":                "a product",
	"Written by Colab Tray.":       "the mark in the settings files of a container",
	"Error response from daemon: ": "what the docker command puts before an engine's words",
	"Rancher Desktop":              "a product",
	"Docker Desktop.exe":           "a program",
	"Colab Tray.exe":               "a program",
	"Pulling fs layer":             "an engine's word for the state of a layer",
	"Download complete":            "an engine's word for the state of a layer",
	"Verifying Checksum":           "an engine's word for the state of a layer",
	"Pull complete":                "an engine's word for the state of a layer",
	"Already exists":               "an engine's word for the state of a layer",
}

// english are the packages whose sentences are English whatever the language: the
// report of the doctor is for whoever helps.
var english = []string{"internal/doctor", "internal/i18n", "internal/engine/enginetest", "internal/engine/memory"}

// shown are the packages whose errors a person sees as they are: these say
// themselves by i18n.T.
var shown = []string{"cmd/tray", "internal/cli", "internal/config", "internal/tray"}

// unseenErrors are errors of those packages that no person sees, by who looks at them.
var unseenErrors = map[string]string{
	"no tray on this desktop":       "whoever shows the tray",
	"reported":                      "whoever ends the program",
	"the desktop session has ended": "the log",
	"the file is too large":         "whoever tells why a file cannot be read",
}

// verb is a place in a format.
var verb = regexp.MustCompile(`%[#+.\d]*[a-z]`)

// errorText returns the text of an error that a call makes, if that has words in it
// that a person would see.
func errorText(call *ast.CallExpr) (text string, is bool) {
	switch types.ExprString(call.Fun) {
	case "errors.New", "fmt.Errorf":
		text, _ = literal(call.Args[0])
		_, known := unseenErrors[text]
		return text, !known && strings.ContainsFunc(verb.ReplaceAllString(text, ""), unicode.IsLetter)
	default:
		return "", false
	}
}

// findUses looks through the program's code for what it says.
func findUses(t *testing.T, root string) textUses {
	t.Helper()
	var all textUses
	for _, part := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			rules, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			rules = filepath.ToSlash(rules)
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ImportSpec:
					return false
				case *ast.Field:
					n.Tag = nil
				case *ast.CallExpr:
					if s, is := useIn(n, rules); is {
						s.at = set.Position(n.Pos())
						all.use = append(all.use, s)
					}
					if _, is := errorText(n); is && slices.Contains(shown, rules) {
						all.written = append(all.written, set.Position(n.Pos()))
					}
				case *ast.BasicLit:
					text, _ := literal(n)
					_, known := notTexts[text]
					if sentence.MatchString(text) && !known && !slices.Contains(english, rules) {
						all.written = append(all.written, set.Position(n.Pos()))
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// useIn reads a call of i18n.T or i18n.Table. A name that is put together has
// to begin with a text in quotes.
func useIn(call *ast.CallExpr, pkg string) (use, bool) {
	if len(call.Args) == 0 {
		return use{}, false
	}
	first := call.Args[0]
	s := use{}
	function := types.ExprString(call.Fun)
	if pkg == "internal/i18n" && function == "T" {
		function = "i18n.T"
	}
	switch function {
	case "i18n.T":
		s.name, s.whole = literal(first)
		for sum, is := first.(*ast.BinaryExpr); is; sum, is = sum.X.(*ast.BinaryExpr) {
			s.name, _ = literal(sum.X)
		}
		s.values = []string{}
		for i := 1; i < len(call.Args); i += 2 {
			name, _ := literal(call.Args[i])
			s.values = append(s.values, name)
		}
		if call.Ellipsis.IsValid() {
			s.values = nil
		}
	case "i18n.Table":
		s.name, _ = literal(first)
		s.name += "."
	default:
		return use{}, false
	}
	return s, true
}

// literal returns the text of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, is := e.(*ast.BasicLit)
	if !is || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// readTexts reads a file of texts, by their full names.
func readTexts(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var add func(string, map[string]any)
	add = func(prefix string, table map[string]any) {
		for name, value := range table {
			switch value := value.(type) {
			case string:
				all[prefix+name] = value
			case map[string]any:
				if other, is := value["other"].(string); is && !slices.ContainsFunc(slices.Collect(maps.Keys(value)), notPlural) {
					all[prefix+name] = other
					continue
				}
				add(prefix+name+".", value)
			}
		}
	}
	add("", tables)
	return all
}

// notPlural reports whether a name is none of a plural form: a table of these is
// one text.
func notPlural(name string) bool {
	return !slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, name)
}

var braces = regexp.MustCompile(`\{(\w+)\}`)

func valuesOf(text string) []string {
	var all []string
	for _, match := range braces.FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	return all
}

// without returns what of the one list is not in the other.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// TestFullStops: what is said in code ends by words.FullStop and its like, which
// make no second full stop.
func TestFullStops(t *testing.T) {
	joined := regexp.MustCompile(`(?i:short|hint|title|body) ?\+ ?"\. ?"|%[sv]\. ?(%|"|\\n)`)
	for _, part := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", "..", part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "sentence.go" {
				return err
			}
			text, err := os.ReadFile(path)
			if at := joined.Find(text); at != nil {
				t.Errorf("%s has %s", path, at)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
