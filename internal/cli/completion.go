package cli

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"colabtray/internal/config"
)

// shells are those that completions can be had for.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

func shellNames() []string {
	var names []string
	for _, shell := range shells {
		names = append(names, shell.name)
	}
	return names
}

// runCompletion prints the script with which a shell asks this program what can
// come next on a command line.
func runCompletion(_ context.Context, in *invocation) error {
	var wanted string
	if len(in.args) > 0 {
		wanted = in.args[0]
	}
	for _, shell := range shells {
		if shell.name == wanted {
			return shell.write(in.root, unfiltered(in.Stdout))
		}
	}
	return needsOneOf("completion", wanted, shellNames())
}

// complete says what can follow a command.
func (in *invocation) complete(added *cobra.Command, c command) {
	switch c.takes() {
	case "file":
		added.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		}
	case "paths":
		added.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 1 || isInRuntime(typed) {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		}
	case "shell":
		added.ValidArgs = shellNames()
	case "shutdown":
		added.ValidArgs = []cobra.Completion{"shutdown"}
	case "keep":
		added.ValidArgs = []cobra.Completion{"keep"}
	case "command":
		added.ValidArgsFunction = in.completeCommand
	}
}

// completeCommand completes the name of a command, which can be of two words.
func (in *invocation) completeCommand(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	c, rest, err := in.root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []cobra.Completion
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() { // and not the hidden one that asks for completions
			found = append(found, cobra.CompletionWithDesc(below.Name(), below.Short))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeFlags says what can follow the flags of every command.
func (in *invocation) completeFlags() {
	if err := in.root.MarkPersistentFlagDirname("folder"); err != nil {
		panic(err) // there is no such flag
	}
	for flag, of := range map[string]func(config.Profile) (value, about string){
		"profile": func(p config.Profile) (string, string) { return p.Name, p.Image },
		"name":    func(p config.Profile) (string, string) { return p.Runtime, p.Name },
		"image":   func(p config.Profile) (string, string) { return p.Image, p.Name },
	} {
		complete := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var found []cobra.Completion
			for _, p := range profiles() {
				found = append(found, cobra.CompletionWithDesc(of(p)))
			}
			return found, cobra.ShellCompDirectiveNoFileComp
		}
		if err := in.root.RegisterFlagCompletionFunc(flag, complete); err != nil {
			panic(err) // there is no such flag
		}
	}
}

// profiles returns those of the settings file, in the order of their names; the
// built-in ones where something is wrong with it.
func profiles() []config.Profile {
	all := config.BuiltIn()
	if settings, err := config.Load(config.Sources{File: config.File()}); err == nil {
		all = settings.Profiles
	}
	var sorted []config.Profile
	for _, name := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[name])
	}
	return sorted
}
