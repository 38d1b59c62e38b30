package importrules

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestProgram holds the rules for the program itself, on each system.
func TestProgram(t *testing.T) {
	testenv.DependOnTree()
	for _, system := range []string{"linux", "windows", "darwin"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			packages := list(t, system)
			for _, name := range slices.Concat(layers...) {
				if !slices.ContainsFunc(packages, func(p Package) bool { return p.name() == name }) {
					t.Errorf("there is a layer for %s, and no such package", name)
				}
			}
			for _, library := range append(slices.Clone(desktop), client) {
				if !slices.ContainsFunc(packages, func(p Package) bool { return imports(p, library) }) {
					t.Errorf("there is a rule about %s, which nothing imports", library)
				}
			}
			for _, sentence := range Check(packages) {
				t.Error(sentence)
			}
		})
	}
}

func imports(p Package, library string) bool {
	for _, imported := range p.Files {
		if slices.Contains(imported, library) {
			return true
		}
	}
	return false
}

// TestCheck breaks each rule in a program that there is not.
func TestCheck(t *testing.T) {
	const (
		runtime, colab, config = "colabtray/internal/runtime", "colabtray/internal/colab", "colabtray/internal/config"
		engine, docker         = "colabtray/internal/engine", "colabtray/internal/engine/docker"
		app, tray              = "colabtray/internal/app", "colabtray/internal/tray"
	)
	for _, test := range []struct {
		name     string
		packages []Package
		want     []string
	}{
		{
			name: "as it should be",
			packages: []Package{
				{Path: app, Name: "app", Imports: []string{docker, tray, runtime}, Files: map[string][]string{"app.go": {docker}}, Lines: 18},
				{Path: docker, Name: "docker", Imports: []string{"context", engine, client}, Files: map[string][]string{"client.go": {client}}, Lines: 18},
				{Path: runtime, Name: "runtime", Imports: []string{engine, config}, Deps: []string{engine, config}, Lines: 18},
				{Path: colab, Name: "colab", Imports: []string{config}, Deps: []string{config, "github.com/dockerlike/thing"}, Lines: 18},
				{Path: tray, Name: "tray", Imports: []string{runtime, systray}, Files: map[string][]string{"systray.go": {systray}}, Lines: 18},
				{Path: "colabtray/internal/notify", Name: "notify", Files: map[string][]string{"a.go": {"github.com/esiqveland/notify"}, "b.go": {"github.com/gen2brain/beeep"}}, Lines: 10},
			},
		},
		{
			name:     "runtime needs the desktop and Docker, by way of others",
			packages: []Package{{Path: runtime, Name: "runtime", Deps: []string{systray + "/internal/generated", client}}},
			want:     []string{runtime + " needs fyne.io/systray/internal/generated", runtime + " needs " + client},
		},
		{
			name:     "an import goes up",
			packages: []Package{{Path: engine, Name: "engine", Imports: []string{runtime}}},
			want:     []string{engine + " imports " + runtime + ", which is not on a lower layer"},
		},
		{
			name: "two of one layer make a cycle",
			packages: []Package{
				{Path: "colabtray/internal/jupyter", Name: "jupyter", Imports: []string{"colabtray/internal/data"}},
				{Path: "colabtray/internal/data", Name: "data", Imports: []string{"colabtray/internal/jupyter"}},
			},
			want: []string{
				"colabtray/internal/jupyter imports colabtray/internal/data, which is not on a lower layer",
				"colabtray/internal/data imports colabtray/internal/jupyter, which is not on a lower layer",
			},
		},
		{
			name:     "a package that nobody has thought of",
			packages: []Package{{Path: "colabtray/internal/new", Name: "new"}},
			want:     []string{"colabtray/internal/new has no layer"},
		},
		{
			name:     "what is for tests is shipped",
			packages: []Package{{Path: app, Name: "app", Imports: []string{engine + "/memory"}}},
			want:     []string{app + " imports " + engine + "/memory, which is not on a lower layer"},
		},
		{
			name:     "an engine of its own",
			packages: []Package{{Path: "colabtray/internal/cli", Name: "cli", Imports: []string{docker}, Files: map[string][]string{"cli.go": {docker}}}},
			want:     []string{"colabtray/internal/cli/cli.go imports " + docker + ", which only " + app + " may"},
		},
		{
			name: "two files import one toolkit",
			packages: []Package{
				{Path: tray, Name: "tray", Files: map[string][]string{"x.go": {systray, client}, "y.go": {systray}}},
				{Path: app, Name: "app", Files: map[string][]string{"z.go": {client}}},
			},
			want: []string{
				systray + " is imported by " + tray + "/x.go and " + tray + "/y.go; one file may",
				client + " is imported by " + app + "/z.go and " + tray + "/x.go; one file may",
			},
		},
		{
			name:     "notifications from elsewhere",
			packages: []Package{{Path: app, Name: "app", Files: map[string][]string{"x.go": {"github.com/gen2brain/beeep"}}}},
			want:     []string{app + "/x.go imports github.com/gen2brain/beeep, which only colabtray/internal/notify may"},
		},
		{
			name:     "a name that says nothing",
			packages: []Package{{Path: app, Name: "util"}},
			want:     []string{app + `: the name "util" does not say what it owns`},
		},
		{
			name:     "a package that is too large",
			packages: []Package{{Path: app, Name: "app", Lines: 19}, {Path: config, Name: "config", Lines: 18}, {Path: tray, Name: "tray", Lines: 15}, {Path: colab, Name: "colab", Lines: 16}, {Path: engine, Name: "engine", Lines: 16}, {Path: runtime, Name: "runtime", Lines: 16}},
			want:     []string{app + " has 19 of 100 lines, more than 18 %"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			slices.Sort(test.want)
			if got := Check(test.packages); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// list reads the packages of the program, as one system compiles them.
func list(t *testing.T, system string) []Package {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=Dir,ImportPath,Name,Imports,Deps,GoFiles,IgnoredGoFiles", module+"/...")
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []Package
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir, ImportPath, Name                  string
			Imports, Deps, GoFiles, IgnoredGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		if within(module+"/test", p.ImportPath) {
			continue
		}
		packages = append(packages, Package{
			Path: p.ImportPath, Name: p.Name, Imports: p.Imports, Deps: p.Deps,
			Files: importsOf(t, p.Dir, append(p.GoFiles, p.IgnoredGoFiles...)),
			Lines: linesOf(t, p.Dir, append(p.GoFiles, p.IgnoredGoFiles...)),
		})
	}
}

func importsOf(t *testing.T, dir string, names []string) map[string][]string {
	t.Helper()
	files := map[string][]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = append(files[name], path)
		}
	}
	return files
}

// linesOf counts the lines of the files that are no tests.
func linesOf(t *testing.T, dir string, names []string) (lines int) {
	t.Helper()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(text, []byte("\n"))
	}
	return lines
}
