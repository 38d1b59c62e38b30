//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// newShell is a terminal with the program in its path, and a profile of the
// person's own.
func newShell(t *testing.T, shell string) *terminal {
	t.Helper()
	testenv.NeedCommand(t, shell)
	c, file := newSettings(t)
	c.set("PATH=" + filepath.Dir(program) + string(os.PathListSeparator) + os.Getenv("PATH"))
	c.set("TERM=dumb")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	c.write(file, "[profiles.mine]\n")
	return c
}

// shell runs a script in a shell, with arguments, and returns the lines it prints.
func (c *terminal) shell(script string, command ...string) []string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), command[0], command[1:]...)
	cmd.Env, cmd.Stdin = c.env, strings.NewReader(script)
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("%v: %v\n%s", command, err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// lines that are to be completed, and what with.
var completed = map[string][]string{
	"colab-tray config ":                   {"check", "edit", "init", "path", "show"},
	"colab-tray sta":                       {"start", "status"},
	"colab-tray start --profile ":          {"classic", "colab-cpu", "colab-gpu", "jupyter", "mine"},
	"colab-tray --profile mi":              {"mine"},
	"colab-tray start --profile=":          {"classic", "colab-cpu", "colab-gpu", "jupyter", "mine"},
	"colab-tray logs --":                   {"--engine", "--folder", "--follow", "--help", "--image", "--json", "--name", "--notify", "--port", "--profile", "--publish", "--tail", "--verbose"},
	"colab-tray completion ":               {"bash", "fish", "powershell", "zsh"},
	"colab-tray --profile mine help confi": {"config"},
}

// TestCompletionInBash asks the function that bash would.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	c := newShell(t, "bash")
	const library = "/usr/share/bash-completion/bash_completion"
	_, err := os.Stat(library)
	testenv.Need(t, "bash-completion", err == nil)
	for line, want := range completed {
		got := c.shell(`
			source `+library+`
			source <(colab-tray completion bash)
			COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=37 COMP_KEY=9
			words=${1//=/ = }
			read -ra COMP_WORDS <<<"$words"
			[[ $1 != *[\ =] || $1 == *= ]] || COMP_WORDS+=("")
			[[ $1 != *= ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			[[ $(complete -p colab-tray) == *" -F __start_colab-tray colab-tray" ]] || exit 1
			__start_colab-tray
			printf '%s\n' "${COMPREPLY[@]%%[ (]*}"
		`, "bash", "--norc", "--noprofile", "-s", line)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q is completed with %q, want %q", line, got, want)
		}
	}
}

// TestCompletionInFish asks fish.
func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	c := newShell(t, "fish")
	for line, want := range completed {
		got := c.shell("colab-tray completion fish | source\ncomplete --do-complete '"+line+"'\n", "fish", "--no-config")
		for i, text := range got {
			text, _, _ = strings.Cut(text, "\t")
			got[i] = strings.TrimPrefix(text, "--profile=")
		}
		slices.Sort(got)
		if !slices.Equal(slices.Compact(got), want) {
			t.Errorf("%q is completed with %q, want %q", line, got, want)
		}
	}
}

// TestCompletionInZsh types into zsh, which completes only for who types, and runs
// what has become of it.
func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	c := newShell(t, "zsh")
	typed := map[string]string{ // and what it prints
		`colab-tray --profile mi\t config sho\t`: `profile = "mine"`,
		`colab-tray conf\tsho\t --profile=min\t`: `profile = "mine"`,
		`colab-tray vers\t`:                      "colab-tray 1.2.3",
		`colab-tray logs --ta\t1 --he\t`:         "Usage: colab-tray logs",
	}
	script := `
		zmodload zsh/zpty
		zpty typed zsh -f -i
		zpty -w typed 'autoload -U compinit; compinit -u -D; source <(colab-tray completion zsh); print comp""leted=${_comps[colab-tray]}'
		zpty -r typed out '*completed=_colab-tray*' || exit 1
	`
	var lines []string
	for line := range typed {
		lines = append(lines, line)
		script += `
			zpty -w typed $'` + line + `'
			zpty -w typed 'print at" the "end'
			zpty -r typed out '*at the end*' || exit 1
			print -r -- $out '#####'
		`
	}
	out := strings.Join(c.shell(script+"zpty -d typed\n", "zsh", "-f", "-s"), "\n")
	for i, printed := range strings.Split(strings.TrimSuffix(out, "#####"), "#####\n") {
		if want := typed[lines[i]]; !strings.Contains(printed, want) {
			t.Errorf("%s: it printed no %q:\n%s", lines[i], want, printed)
		}
	}
}

// TestCompletionInPowerShell looks at the script alone, as Debian has no PowerShell.
func TestCompletionInPowerShell(t *testing.T) {
	c, _ := newSettings(t)
	script, _ := c.run(0, "completion", "powershell")
	has(t, script, "Register-ArgumentCompleter -CommandName 'colab-tray'", "__complete", "CompletionResult")
}
