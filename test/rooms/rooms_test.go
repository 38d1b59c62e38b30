package rooms

import (
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

	"colabtray/test/bed"
)

// TestProgram holds the rules for the program itself, on each system.
func TestProgram(t *testing.T) {
	bed.Tree()
	for _, system := range []string{"linux", "windows", "darwin"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			packages := list(t, system)
			if len(packages) < len(rooms) {
				t.Fatalf("go list names only %d packages of the project", len(packages))
			}
			for path := range rooms {
				if !slices.ContainsFunc(packages, func(p Package) bool { return p.Path == path }) {
					t.Errorf("there is a rule for %s, and no such package", path)
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
	const runtime, colab, config = "colabtray/internal/runtime", "colabtray/internal/colab", "colabtray/internal/config"
	for _, test := range []struct {
		name     string
		packages []Package
		want     []string
	}{
		{
			name: "as it should be",
			packages: []Package{
				{Path: runtime, Name: "runtime", Deps: []string{"context", config, client}, Files: map[string][]string{"docker.go": {client}, "state.go": {"context"}}},
				{Path: colab, Name: "colab", Deps: []string{config, "github.com/dockerlike/thing"}},
				{Path: config, Name: "config", Deps: []string{"errors"}},
				{Path: "colabtray/internal/tray", Name: "tray", Deps: []string{runtime, systray}, Files: map[string][]string{"systray.go": {systray}}},
				{Path: "colabtray/internal/notify", Name: "notify", Files: map[string][]string{"a.go": {"github.com/esiqveland/notify"}, "b.go": {"github.com/gen2brain/beeep"}}},
			},
		},
		{
			name:     "runtime needs the desktop, by way of another",
			packages: []Package{{Path: runtime, Name: "runtime", Deps: []string{"colabtray/internal/tray", systray + "/internal/generated"}}},
			want:     []string{runtime + " needs colabtray/internal/tray", runtime + " needs fyne.io/systray/internal/generated"},
		},
		{
			name:     "colab needs Docker",
			packages: []Package{{Path: colab, Name: "colab", Deps: []string{"github.com/docker/docker/api/types", runtime}}},
			want:     []string{colab + " needs colabtray/internal/runtime", colab + " needs github.com/docker/docker/api/types"},
		},
		{
			name:     "config needs one of ours",
			packages: []Package{{Path: config, Name: "config", Deps: []string{colab}}},
			want:     []string{config + " needs " + colab},
		},
		{
			name: "two files import one toolkit",
			packages: []Package{
				{Path: "colabtray/a", Name: "a", Files: map[string][]string{"x.go": {systray, client}, "y.go": {systray}}},
				{Path: "colabtray/b", Name: "b", Files: map[string][]string{"z.go": {client}}},
			},
			want: []string{
				systray + " is imported by colabtray/a/x.go and colabtray/a/y.go; one file may",
				client + " is imported by colabtray/a/x.go and colabtray/b/z.go; one file may",
			},
		},
		{
			name:     "notifications from elsewhere",
			packages: []Package{{Path: "colabtray/a", Name: "a", Files: map[string][]string{"x.go": {"github.com/gen2brain/beeep"}}}},
			want:     []string{"colabtray/a/x.go imports github.com/gen2brain/beeep, which only colabtray/internal/notify may"},
		},
		{
			name:     "a name that says nothing",
			packages: []Package{{Path: "colabtray/internal/util", Name: "util"}},
			want:     []string{`colabtray/internal/util: the name "util" does not say what it owns`},
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
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=Dir,ImportPath,Name,Deps,GoFiles,IgnoredGoFiles", module+"/...")
	cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []Package
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir, ImportPath, Name         string
			Deps, GoFiles, IgnoredGoFiles []string
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
			Path: p.ImportPath, Name: p.Name, Deps: p.Deps,
			Files: importsOf(t, p.Dir, append(p.GoFiles, p.IgnoredGoFiles...)),
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
