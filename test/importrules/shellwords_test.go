package importrules

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// ofLinux matches words of the shells and places of the files of Linux, of which a person
// at Windows can make nothing.
var ofLinux = regexp.MustCompile(`\b(sudo|doas|systemctl|setfacl)\b|(^| )unset( |,|$)|\$(HOME|USER|XDG_)|~/\.(config|local)|/etc/(docker|nixos)`)

// ofOneShell matches what only one of the shells of Windows understands: PowerShell 5 has no
// &&, no variables of cmd's form and another start.
var ofOneShell = regexp.MustCompile(`&&|%[A-Z]\w+%|\bstart ""`)

// chosenBySystem are what has such words though it is built for Windows, files and texts,
// by what chooses them on Linux alone, or where they run.
var chosenBySystem = map[string]string{
	"internal/install/install.go":           "install.Docker",
	"internal/install/start.go":             "install.host",
	"internal/runtime/gpu.go":               "runtime.gpuProblem",
	"internal/runtime/usermapping.go":       "docker.handOver, which looks for such folders",
	"internal/engine/problems.go":           "engine.unsetCommand",
	"internal/cli/acts.go":                  "install.host",
	"internal/engine/docker/boxproblems.go": "the box, where the command runs",
	"internal/engine/kubernetes/image.go":   "the pod, where the script runs",
	"internal/engine/kubernetes/attach.go":  "the pod, where it runs",
	"internal/engine/enginetest/suite.go":   "the container, where it runs",
	"internal/engine/docker/box.go":         "the box, where it runs",
	"internal/engine/docker/boxfolders.go":  "the box, where it runs",
	"internal/gpu/gpu.go":                   "the other machine, where it runs",
	"internal/data/copyin.go":               "the container, where it runs",
	"internal/packages/volume.go":           "the container, where it runs",
	"internal/tunnel/master.go":             "the box, where it runs",
	"internal/data/mergescript.go":          "the container, where it runs",
	"internal/data/script.go":               "the container, where it runs",
	"internal/jupyter/askkernels.go":        "the container, where it runs",
	"install.note.group":                    "install.Docker",
	"install.note.nixos":                    "install.Docker",
	"problem.pullCertificateHint":           "engine.pullHint",
	"problem.boxWithoutEngineHint":          "the box, which has the socket",
}

// TestWordsOnWindows holds that what is said on Windows, commands and texts in each
// language, has no words of Linux, and is the same in both shells there.
func TestWordsOnWindows(t *testing.T) {
	testenv.DependOnTree()
	const root = "../.."
	used := map[string]bool{}
	allowed := func(what string) bool {
		_, is := chosenBySystem[what]
		used[what] = used[what] || is
		return is
	}
	windows := filesOfWindows(t, root)
	for path, file := range windows {
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, is := n.(*ast.BasicLit); is {
				if text, _ := literal(lit); (ofLinux.MatchString(text) || ofOneShell.MatchString(text)) && !allowed(path) {
					t.Errorf("%s says %q on Windows", path, text)
				}
			}
			return true
		})
	}

	said := map[string]bool{}
	for _, s := range findUses(t, root).use {
		path, err := filepath.Rel(root, s.at.Filename)
		if err != nil {
			t.Fatal(err)
		}
		if windows[filepath.ToSlash(path)] != nil {
			said[s.name] = true
		}
	}
	languages, err := filepath.Glob(filepath.Join(root, "internal/i18n/*.toml"))
	if err != nil || len(languages) == 0 {
		t.Fatalf("the languages are %q, %v", languages, err)
	}
	for _, language := range languages {
		for name, text := range readTexts(t, language) {
			// What is said by a part of its name may be said anywhere.
			isSaid := said[name]
			for part := range said {
				isSaid = isSaid || strings.HasSuffix(part, ".") && strings.HasPrefix(name, part)
			}
			if words := ofLinux.FindString(text) + ofOneShell.FindString(text); words != "" && isSaid && !allowed(name) {
				t.Errorf("%s says %q on Windows: %s", name, words, text)
			}
		}
	}
	for what, by := range chosenBySystem {
		if !used[what] {
			t.Errorf("%s needs no choice by %s", what, by)
		}
	}
}

// filesOfWindows returns the files of the program for Windows, by their paths.
func filesOfWindows(t *testing.T, root string) map[string]*ast.File {
	t.Helper()
	windows := build.Default
	windows.GOOS, windows.CgoEnabled = "windows", false
	files := map[string]*ast.File{}
	for _, part := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			if is, err := windows.MatchFile(filepath.Split(path)); err != nil || !is {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			files[filepath.ToSlash(name)], err = parser.ParseFile(token.NewFileSet(), path, nil, 0)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
