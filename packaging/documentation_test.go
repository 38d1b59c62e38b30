package packaging

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"colabtray/internal/cli"
	"colabtray/internal/config"
	"colabtray/internal/secret"
)

var variable = regexp.MustCompile(`COLAB_TRAY_[A-Z]+`)

// found returns what a pattern's last group matches in a text, each once.
func found(pattern *regexp.Regexp, text string) []string {
	var all []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		all = append(all, match[len(match)-1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestDocumentation holds README and man page to the commands that there are, and
// the environment to what help says of it. (Commands and flags of the man page
// come from the program itself.)
func TestDocumentation(t *testing.T) {
	root := cli.CommandLine()
	page := read(t, "../docs/colab-tray.1")
	readme := read(t, "../README.md")

	commands := namesOf(root)
	if !slices.Contains(commands, "start") || !slices.Contains(commands, "config init") {
		t.Fatalf("these are not the commands: %v", commands)
	}
	for _, command := range commands {
		if !strings.Contains(page, "\n.It Cm "+command) {
			t.Errorf("the man page does not tell of the command %s", command)
		}
		if !strings.Contains(readme, "colab-tray "+command) {
			t.Errorf("the README does not tell of the command %s", command)
		}
	}
	help := root.PersistentFlags().FlagUsages()
	for _, name := range found(variable, help+readme) {
		if !strings.Contains(page, name) {
			t.Errorf("the man page does not tell of %s", name)
		}
		if !strings.Contains(help, name) {
			t.Errorf("the README tells of %s, and the program does not", name)
		}
	}
}

// namesOf returns the commands below one that do something.
func namesOf(c *cobra.Command) []string {
	var names []string
	for _, below := range c.Commands() {
		if below.HasSubCommands() {
			names = append(names, namesOf(below)...)
		} else {
			names = append(names, strings.TrimPrefix(below.CommandPath(), "colab-tray "))
		}
	}
	return names
}

// TestSettingsExample holds that the settings file in the README is understood,
// and means what it says there.
func TestSettingsExample(t *testing.T) {
	_, rest, is := strings.Cut(read(t, "../README.md"), "```toml\n")
	example, _, ends := strings.Cut(rest, "```")
	if !is || !ends {
		t.Fatal("the README has no settings file")
	}
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(config.Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Profile{
		Name: "torch", Runtime: "torch-runtime", Image: "quay.io/jupyter/pytorch-notebook",
		Kind: config.KindJupyter, Port: 8890,
		Ports: []config.PublishedPort{{Host: 6006, Container: 6006}, {Host: 7860, Container: 7861}},
		GPU:   config.GPU{All: true}, Memory: 16 << 30, CPUs: 8, ShmSize: 2 << 30,
		Folders:  []config.Folder{{Host: "/srv/data", Path: "/home/jovyan/data", ReadOnly: true}},
		Env:      []config.Variable{{Name: "HF_HOME", Value: secret.New("/home/jovyan/models")}},
		Packages: []string{"polars", "scikit-learn==1.5"},
		Token:    config.TokenKeep, IdleStop: 2 * time.Hour,
	}
	if !settings.Profile.Equal(want) {
		t.Errorf("got %+v, want %+v", settings.Profile, want)
	}
	if port := settings.Profiles[config.DefaultProfile].Port; port != 9999 {
		t.Errorf("the built-in profile has the port %d, want 9999", port)
	}
	if after := settings.Preferences.ClearClipboard; after != time.Minute {
		t.Errorf("the clipboard is cleared after %s", after)
	}
}

// TestDesktopActions holds that what the desktop entry runs is a command that there is.
func TestDesktopActions(t *testing.T) {
	lines := found(regexp.MustCompile(`(?m)^Exec=colab-tray ?(.*)$`), read(t, "dev.colabtray.ColabTray.desktop"))
	if len(lines) != 5 {
		t.Errorf("it runs %q", lines)
	}
	for _, line := range lines {
		root := cli.CommandLine()
		root.InitDefaultHelpFlag() // makes the flags of all commands known
		command, rest, err := root.Traverse(strings.Fields(line))
		if err == nil {
			err = command.ParseFlags(rest)
		}
		if err != nil || line != "" && command == root {
			t.Errorf("%q is no command: %v", line, err)
		}
	}
}

// TestRelease holds that the changelog and the metainfo tell of the same last release.
func TestRelease(t *testing.T) {
	last := regexp.MustCompile(`(?m)^## \[(\d+\.\d+\.\d+)\] - (\S+)$`).FindStringSubmatch(read(t, "../CHANGELOG.md"))
	if last == nil {
		t.Fatal("the changelog has no release")
	}
	_, releases, _ := strings.Cut(read(t, "dev.colabtray.ColabTray.metainfo.xml"), "<releases>")
	if want := fmt.Sprintf(`<release version="%s" date="%s"`, last[1], last[2]); !strings.HasPrefix(strings.TrimSpace(releases), want) {
		t.Errorf("the metainfo does not begin with %s", want)
	}
}

// TestWorkflow holds that the workflow names what it uses by a hash, which nobody can
// move.
func TestWorkflow(t *testing.T) {
	pinned := regexp.MustCompile(`^uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for line := range strings.Lines(read(t, "../.github/workflows/checks.yml")) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
		if strings.HasPrefix(line, "uses:") && !pinned.MatchString(line) {
			t.Errorf("not by a hash and its version: %s", line)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
