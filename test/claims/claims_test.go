// Package claims holds what the documentation claims to what there is: each test that
// docs/security.md and docs/reliability.md name exists.
package claims

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

const root = "../.."

// notTested stands in the place of a test where there is none.
const notTested = "not tested"

// TestDocuments holds the tables of the documents: each claim names tests that there
// are, or says that it has none.
func TestDocuments(t *testing.T) {
	testenv.DependOnTree()
	for _, name := range []string{"docs/security.md", "docs/reliability.md"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		claims, err := read(string(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, c := range claims {
			for _, test := range c.tests {
				there, err := testsOf(test.dir)
				if err != nil {
					t.Errorf("%s:%d: %v", name, c.line, err)
				} else if !slices.Contains(there, test.name) {
					t.Errorf("%s:%d: %s has no test %s", name, c.line, test.dir, test.name)
				}
			}
		}
	}
}

// TestRead reads tables as they can be written, and as they must not be.
func TestRead(t *testing.T) {
	const head = "| Claim | Test |\n|---|---|\n"
	for text, want := range map[string]string{
		"| a | Test |\n|---|---|\n| b | `x/y` TestA |":   "[{3 [{x/y TestA}]}] <nil>",
		head + "| b | `x` TestA, FuzzB; `y` TestC |":     "[{3 [{x TestA} {x FuzzB} {y TestC}]}] <nil>",
		head + "| b \\| c | not tested |\n\nTestD | x |": "[{3 []}] <nil>",
		"| A | B |\n|---|---|\n| b | nothing |":          "[] no claims",
		head + "| b | TestA |":                           "[] line 3: TestA is of no package",
		head + "| b | `x` |":                             "[] line 3: there is no test, and it does not say so",
		head + "| b | |":                                 "[] line 3: there is no test, and it does not say so",
		head + "| b | `x` TestA and a word |":            `[] line 3: "and" is no test`,
	} {
		claims, err := read(text)
		if got := fmt.Sprint(claims, err); got != want {
			t.Errorf("%q is\n%s, not\n%s", text, got, want)
		}
	}
	for _, test := range []string{"TestRead", "TestDocuments"} {
		if there, err := testsOf("test/claims"); !slices.Contains(there, test) {
			t.Errorf("the tests of this package are %q, %v", there, err)
		}
	}
	if _, err := testsOf("no/such/package"); err == nil {
		t.Error("a package that is not there has tests")
	}
}

// claim is a row of a table whose last column is "Test".
type claim struct {
	line  int
	tests []test
}

// test is a test of the package in a directory of the project.
type test struct{ dir, name string }

var (
	cells    = regexp.MustCompile(`(?:^|[^\\])\|`)
	testName = regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w*$`)
)

// read returns the claims of a document.
func read(text string) (claims []claim, err error) {
	tests, row := false, 0 // whether the table is one of claims; its row
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			tests, row = false, 0
			continue
		}
		row++
		all := cells.Split(strings.TrimSuffix(line, "|"), -1)
		last := strings.TrimSpace(all[len(all)-1])
		switch {
		case row == 1:
			tests = last == "Test"
		case row > 2 && tests:
			named, err := readTests(last)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			claims = append(claims, claim{i + 1, named})
		}
	}
	if len(claims) == 0 {
		return nil, errors.New("no claims")
	}
	return claims, nil
}

// readTests reads a cell such as "`internal/a` TestB, TestC; `internal/d` TestE".
func readTests(cell string) (tests []test, err error) {
	if cell == notTested {
		return nil, nil
	}
	dir := ""
	for _, word := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" ,;", r) }) {
		switch {
		case strings.HasPrefix(word, "`"):
			dir = strings.Trim(word, "`")
		case !testName.MatchString(word):
			return nil, fmt.Errorf("%q is no test", word)
		case dir == "":
			return nil, fmt.Errorf("%s is of no package", word)
		default:
			tests = append(tests, test{dir, word})
		}
	}
	if len(tests) == 0 {
		return nil, errors.New("there is no test, and it does not say so")
	}
	return tests, nil
}

// testsOf returns the names of the tests in a directory of the project, on whatever
// system they run.
func testsOf(dir string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s has no tests", dir))
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && testName.MatchString(f.Name.Name) {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names, nil
}
