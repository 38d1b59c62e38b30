package cli

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/test/testenv"
)

// runLine runs a command line in a language, with a settings file of the test's own.
func runLine(t *testing.T, language string, args ...string) (out, errs string, code int) {
	t.Helper()
	testenv.WriteSettings(t, config.File, "[preferences]\nlanguage = '"+language+"'\n[profiles.mine]\nimage = 'me/mine'\n")
	var stdout, stderr bytes.Buffer
	p := &Program{Engine: dockerEngine, Version: "test", Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, LookupEnv: func(string) (string, bool) { return "", false }}
	code = p.Run(t.Context(), args)
	return stdout.String(), stderr.String(), code
}

// each calls f for a command and those below it.
func each(c *cobra.Command, f func(*cobra.Command)) {
	f(c)
	for _, below := range c.Commands() {
		each(below, f)
	}
}

// ownFlags returns the flags that a command has for itself.
func ownFlags(c *cobra.Command) []string {
	var names []string
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return names
}

// TestEveryCommandAndFlagHasItsText, and every such text has its command or flag.
func TestEveryCommandAndFlagHasItsText(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		said := map[string][]string{}
		root := CommandLine()
		each(root, func(c *cobra.Command) {
			name := strings.TrimSpace(behindProgram(c))
			switch {
			case name == "":
			case c.HasSubCommands():
				said["help.group"] = append(said["help.group"], name)
			default:
				said["help.command"] = append(said["help.command"], name)
			}
			for _, flag := range ownFlags(c) {
				if flag == "--json" { // it means the same everywhere
					continue
				}
				said["help.flag"] = append(said["help.flag"], strings.TrimSpace(name+" "+flag))
			}
			if c.Long != "" {
				said["help.more"] = append(said["help.more"], name)
			}
		})
		said["help.flag"] = append(said["help.flag"], "--json")
		root.PersistentFlags().VisitAll(func(f *pflag.Flag) { said["help.flag"] = append(said["help.flag"], "--"+f.Name) })
		for table, names := range said {
			slices.Sort(names)
			if there := slices.Sorted(maps.Keys(i18n.Table(table))); !slices.Equal(there, names) {
				t.Errorf("in %s, %s has texts for %q, and there are %q", language, table, there, names)
			}
		}
	}
}

// TestHelpOfOneCommand: a command's help has its own flags and those of every
// command, no other's, and is the same however it is asked for.
func TestHelpOfOneCommand(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	var others []string
	each(CommandLine(), func(c *cobra.Command) { others = append(others, ownFlags(c)...) })
	for _, language := range i18n.Languages() {
		each(CommandLine(), func(c *cobra.Command) {
			name := strings.Fields(behindProgram(c))
			out, errs, code := runLine(t, language, append([]string{"help"}, name...)...)
			if code != exitDone || errs != "" {
				t.Errorf("help %q ends with %d: %s", name, code, errs)
			}
			for _, ask := range []string{"--help", "-h"} {
				if same, _, _ := runLine(t, language, append(slices.Clone(name), ask)...); same != out {
					t.Errorf("%q %s prints %s\nand help %s", name, ask, same, out)
				}
			}
			for _, flag := range others {
				own := slices.Contains(ownFlags(c), flag)
				_, rest, _ := strings.Cut(out, "\n\n")
				listed := strings.Contains(rest, "      "+flag+" ") || strings.Contains(rest, ", "+flag+" ")
				if listed != own {
					t.Errorf("help %q has %s: %t, want %t\n%s", name, flag, listed, own, out)
				}
			}
			for _, every := range []string{"  --profile " + i18n.T("placeholder.profile") + " ", "COLAB_TRAY_PORT", "-v, --verbose ", "-h, --help "} {
				if !strings.Contains(out, every) {
					t.Errorf("help %q lacks %q", name, every)
				}
			}
			if language != i18n.English {
				for _, english := range []string{"Usage", "Flags", "Commands", "(default", "help for"} {
					if strings.Contains(out, english) {
						t.Errorf("help %q in %s has %q", name, language, english)
					}
				}
			}
		})
	}
}

// TestDidYouMean: what was mistyped is told by what it is like, and where to read
// on, in words of ours.
func TestDidYouMean(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, test := range []struct{ language, line, want string }{
		{"en", "strat", "there is no command \"strat\"\nDid you mean start?\nRun 'colab-tray help' for the commands and flags."},
		{"de", "strat", "einen Befehl „strat“ gibt es nicht\nWar start gemeint?\nDie Befehle und Optionen zeigt 'colab-tray help'."},
		{"en", "qqqqqq", "there is no command \"qqqqqq\"\nRun 'colab-tray help' for the commands and flags."},
		{"en", "help strat", "there is no command \"strat\"\nDid you mean start?\nRun 'colab-tray help' for the commands and flags."},
		{"en", "help start now", "start takes no \"now\"\nRun 'colab-tray help start' for the commands and flags."},
		{"en", "config shwo", "config needs one of: init, path, show, edit, check\nDid you mean show?\nRun 'colab-tray help config' for the commands and flags."},
		{"en", "config", "config needs one of: init, path, show, edit, check\nRun 'colab-tray help config' for the commands and flags."},
		{"en", "help config shwo", "config needs one of: init, path, show, edit, check\nDid you mean show?\nRun 'colab-tray help config' for the commands and flags."},
		{"en", "completion bash2", "completion needs one of: bash, zsh, fish, powershell\nDid you mean bash?\nRun 'colab-tray help completion' for the commands and flags."},
		{"de", "completion bsh", "nach completion muss eines davon stehen: bash, zsh, fish, powershell\nWar bash oder zsh oder fish gemeint?\nDie Befehle und Optionen zeigt 'colab-tray help completion'."},
		{"en", "stop --prot 1", "flag provided but not defined: --prot\nDid you mean --port?\nRun 'colab-tray help stop' for the commands and flags."},
		{"en", "stop -prot 1", "flag provided but not defined: -prot\nDid you mean --port?\nRun 'colab-tray help stop' for the commands and flags."},
		{"de", "logs --tali 3", "eine Option --tali gibt es nicht\nWar --tail gemeint?\nDie Befehle und Optionen zeigt 'colab-tray help logs'."},
		{"en", "--watch status", "flag provided but not defined: --watch\nRun 'colab-tray help' for the commands and flags."},
		{"en", "-x", "flag provided but not defined: -x\nRun 'colab-tray help' for the commands and flags."},
		{"en", "logs --tail", "flag needs an argument: --tail\nRun 'colab-tray help logs' for the commands and flags."},
		{"en", "logs --tail x", "invalid value \"x\" for flag --tail\nRun 'colab-tray help logs' for the commands and flags."},
		{"en", "status --json=x", "invalid value \"x\" for flag --json\nRun 'colab-tray help status' for the commands and flags."},
		{"en", "status --=x", "bad flag syntax: --=x\nRun 'colab-tray help status' for the commands and flags."},
		{"en", "update --undo --remove-old", "update takes --undo or --remove-old, not both\nRun 'colab-tray help update' for the commands and flags."},
		{"de", "status --watch --all", "status nimmt --all oder --watch, nicht beides\nDie Befehle und Optionen zeigt 'colab-tray help status'."},
	} {
		out, errs, code := runLine(t, test.language, strings.Fields(test.line)...)
		if _, said, _ := strings.Cut(errs, ": "); code != exitUsage || out != "" || !strings.HasSuffix(said, test.want+"\n") {
			t.Errorf("%s: exit code %d\n%s%s\nwant %s", test.line, code, out, errs, test.want)
		}
	}
}

// TestFlagsInTheirPlaces: flags of every command before and behind it, and long
// ones with one dash, as they always could be.
func TestFlagsInTheirPlaces(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, line := range []string{
		"--port 1234 config show", "config show --port 1234", "config show --port=1234", "config --port 1234 show",
		"-port 1234 config show", "config show -port=1234", "-v=false --port 1 config show --port 1234",
	} {
		out, errs, code := runLine(t, "en", strings.Fields(line)...)
		if code != exitDone || !strings.Contains(strings.Join(strings.Fields(out), " "), "port = 1234 # --port") {
			t.Errorf("%s: exit code %d\n%s%s", line, code, out, errs)
		}
	}
	for _, line := range []string{"version", "--version", "-version", "--version status", "--profile mine --version"} {
		if out, errs, code := runLine(t, "en", strings.Fields(line)...); code != exitDone || !strings.HasPrefix(out, "colab-tray test (") || errs != "" {
			t.Errorf("%s: exit code %d\n%s%s", line, code, out, errs)
		}
	}
	for _, line := range []string{"backup -- --force", "restore --yes -- -x"} {
		root := (&invocation{Program: &Program{}}).commandLine()
		c, rest, err := root.Traverse(twoDashes(root, strings.Fields(line)))
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err != nil || c.Flags().NArg() != 1 || c.Flags().Changed("force") {
			t.Errorf("%s: the file is not taken: %q, %v", line, c.Flags().Args(), err)
		}
	}
}

// TestADoubleClickOpensTheTray, on Windows, where the library would say that this
// is a program for a terminal.
func TestADoubleClickOpensTheTray(t *testing.T) {
	if cobra.MousetrapHelpText != "" {
		t.Error("the library keeps a program from opening that was started by a double click")
	}
}

// TestCompletions: what the shells are told that can come next.
func TestCompletions(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	const files, nothingElse = ":0", ":4"
	profiles := []string{"classic", "colab-cpu", "colab-gpu", "jupyter", "mine", nothingElse}
	for _, test := range []struct {
		line string
		want []string
	}{
		{"sta", []string{"start", "status", nothingElse}},
		{"config ", []string{"init", "path", "show", "edit", "check", nothingElse}},
		{"start --n", []string{"--name", "--no-gpu", "--notify", nothingElse}},
		{"status --all --", []string{"--profile", "--name", "--image", "--engine", "--port", "--publish", "--folder", "--verbose", "--notify", "--help", "--json", nothingElse}}, // --watch goes not with --all
		{"start ", []string{nothingElse}},
		{"start --profile ", profiles},
		{"--profile ", profiles},
		{"config show --profile mine --profile ", profiles},
		{"start --name ", []string{"local-classic-runtime", "local-colab-cpu-runtime", "local-colab-runtime", "local-jupyter-runtime", "local-mine-runtime", nothingElse}},
		{"start --image me", []string{"jupyter/base-notebook", "us-docker.pkg.dev/colab-images/public/cpu-runtime", "us-docker.pkg.dev/colab-images/public/runtime", config.DefaultImage, "me/mine", nothingElse}},
		{"start --port ", []string{nothingElse}},
		{"logs --tail ", []string{nothingElse}},
		{"backup ", []string{files}},
		{"backup --force ", []string{files}},
		{"backup one ", []string{nothingElse}},
		{"restore ", []string{files}},
		{"completion ", []string{"bash", "zsh", "fish", "powershell", nothingElse}},
		{"completion bash ", []string{nothingElse}},
		{"help config ", []string{"init", "path", "show", "edit", "check", nothingElse}},
		{"help start ", []string{nothingElse}},
	} {
		for _, language := range i18n.Languages() {
			out, _, code := runLine(t, language, append([]string{"__complete"}, strings.Split(test.line, " ")...)...)
			var got []string
			for line := range strings.Lines(out) {
				value, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				got = append(got, value)
			}
			slices.Sort(got)
			slices.Sort(test.want)
			if code != exitDone || !slices.Equal(got, test.want) {
				t.Errorf("%q, in %s: exit code %d, %q, want %q", test.line, language, code, got, test.want)
			}
		}
	}
	out, _, _ := runLine(t, "de", "__complete", "help", "sta")
	if !strings.Contains(out, "status\tsagt, wie es um die Laufzeit steht\n") || strings.Contains(out, "__complete") {
		t.Errorf("the commands are %s", out)
	}
	testenv.WriteSettings(t, config.File, "[profiles.broken")
	var stdout bytes.Buffer
	p := &Program{Engine: dockerEngine, Stdout: &stdout, Stderr: &bytes.Buffer{}, LookupEnv: func(string) (string, bool) { return "", false }}
	if code := p.Run(t.Context(), []string{"__complete", "--profile", ""}); code != exitDone || !strings.HasPrefix(stdout.String(), "classic\t") {
		t.Errorf("with a broken file: exit code %d, %s", code, &stdout)
	}
}
