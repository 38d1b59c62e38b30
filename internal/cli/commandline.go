package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// The command line is defined once: by the table of commands, the functions that
// define their flags, and their texts. Parsing, help, completions and the man page
// come from it.

func init() {
	cobra.MousetrapHelpText = "" // a double click on Windows opens the tray
	cobra.EnableCommandSorting = false
}

// invocation is one run of a command.
type invocation struct {
	*Program
	root    *cobra.Command
	flags   config.Flags
	verbose bool
	version bool
	notify  bool
	logFile io.Writer // nil for a command
	args    []string  // behind the command, without its flags

	all, copy, json, watch, follow, settings, noGPU, undo, removeOld, idle bool
	stays                                                                  bool // the command may listen for the runtime; see hold
	tail                                                                   int

	data, noBackup, force, large, yes bool
	file                              string
}

// command is a subcommand; its name can be of two words.
type command struct {
	name string
	// argument names what can follow the command, in brackets where it need not;
	// empty for nothing.
	argument string
	flags    func(*pflag.FlagSet, *invocation)
	// either are two flags of which one alone can be given.
	either []string
	run    func(context.Context, *invocation) error
}

func commands() []command {
	return []command{
		{name: "start", flags: startFlags, run: runStart},
		{name: "stop", run: runStop},
		{name: "restart", flags: restartFlags, run: runRestart},
		{name: "update", flags: updateFlags, either: []string{"undo", "remove-old"}, run: runUpdate},
		{name: "status", flags: statusFlags, either: []string{"all", "watch"}, run: runStatus},
		{name: "url", flags: urlFlags, either: []string{"copy", "json"}, run: runURL},
		{name: "logs", flags: logsFlags, run: runLogs},
		{name: "shell", argument: "[-- line]", run: runShell},
		{name: "check", run: runCheck},
		{name: "doctor", run: runDoctor},
		{name: "guide", run: runGuide},
		{name: "packages", argument: "[keep]", flags: packagesFlags, run: runPackages},
		{name: "kernels", argument: "[shutdown]", flags: kernelsFlags, run: runKernels},
		{name: "cp", argument: "paths", run: runCopy},
		{name: "backup", argument: "file", flags: backupFlags, run: runBackup},
		{name: "restore", argument: "[file]", flags: restoreFlags, run: runRestore},
		{name: "delete", flags: deleteFlags, run: runDelete},
		{name: "open", argument: "[address]", run: runOpen},
		{name: "quit", run: runQuit},
		{name: "config init", run: runConfigInit},
		{name: "config path", run: runConfigPath},
		{name: "config show", run: runConfigShow},
		{name: "config edit", run: runConfigEdit},
		{name: "config check", run: runConfigCheck},
		{name: "completion", argument: "shell", run: runCompletion},
		{name: "version", run: runVersion},
		{name: "help", argument: "[command]", run: runHelp},
	}
}

// takes returns what can follow the command, without brackets and dashes.
func (c command) takes() string { return strings.Trim(c.argument, "[-] ") }

// CommandLine returns the command line as it is defined, for who describes it.
func CommandLine() *cobra.Command {
	return (&invocation{Program: &Program{}}).commandLine()
}

// commandLine makes the command line of this run.
func (in *invocation) commandLine() *cobra.Command {
	in.root = &cobra.Command{
		Use:              "colab-tray",
		SilenceErrors:    true,
		SilenceUsage:     true,
		TraverseChildren: true,
		Args:             noCommand,
		RunE:             in.running(runTray),
	}
	in.root.CompletionOptions.DisableDefaultCmd = true
	in.root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	in.root.SetOut(in.Stdout)
	in.root.SetErr(in.Stderr)
	in.root.SetHelpFunc(func(c *cobra.Command, _ []string) { in.help(c) })
	in.globalFlags()
	for _, c := range commands() {
		in.add(c)
	}
	return in.root
}

// running makes what the library calls of what a command does.
func (in *invocation) running(do func(context.Context, *invocation) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		in.args = args
		if in.version {
			return runVersion(c.Context(), in)
		}
		return do(c.Context(), in)
	}
}

// add adds a command to the command line.
func (in *invocation) add(c command) {
	parent, name := in.root, c.name
	if group, rest, two := strings.Cut(c.name, " "); two {
		parent, name = in.group(group), rest
	}
	added := &cobra.Command{
		Short: i18n.T("help.command." + c.name),
		Long:  i18n.Table("help.more")[c.name],
		Args:  func(this *cobra.Command, args []string) error { return in.accept(this, c, args) },
		RunE:  in.running(c.run),
	}
	added.Flags().SortFlags = false
	if c.flags != nil {
		c.flags(added.Flags(), in)
		describe(added.Flags(), c.name+" ")
	}
	if jsonOf(c.name) != nil {
		added.Flags().BoolVar(&in.json, "json", false, i18n.T("help.flag.--json"))
	}
	added.Use = name + synopsis(added.Flags(), c)
	if c.either != nil {
		added.MarkFlagsMutuallyExclusive(c.either...)
	}
	in.complete(added, c)
	if c.name == "help" {
		in.root.SetHelpCommand(added)
	}
	parent.AddCommand(added)
}

// group returns the command that goes before the second word of others.
func (in *invocation) group(name string) *cobra.Command {
	for _, c := range in.root.Commands() {
		if c.Name() == name {
			return c
		}
	}
	group := &cobra.Command{
		Use:   name + " " + i18n.T("placeholder.command"),
		Short: i18n.T("help.group." + name),
		Args:  noCommand,
		Run:   func(*cobra.Command, []string) {},
	}
	in.root.AddCommand(group)
	return group
}

// globalFlags defines the flags that every command has, and those of none.
func (in *invocation) globalFlags() {
	in.root.Flags().SortFlags = false
	set := in.root.PersistentFlags()
	set.SortFlags = false
	for _, setting := range config.Reference() {
		if setting.Flag == "" {
			continue
		}
		set.Func(strings.TrimPrefix(setting.Flag, "--"), "", func(v string) error {
			if setting.Repeated {
				in.flags = in.flags.Add(setting.Key, v)
			} else {
				in.flags = in.flags.With(setting.Key, v)
			}
			return nil
		})
	}
	set.BoolVarP(&in.verbose, "verbose", "v", false, "")
	set.BoolVar(&in.notify, "notify", false, "")
	set.BoolP("help", "h", false, "")
	describe(set, "")
	in.root.Flags().BoolVar(&in.version, "version", false, i18n.T("help.flag.--version"))
	in.completeFlags()
}

// named is the value of a flag that has a name of its own in help.
type named struct {
	pflag.Value
	name string
}

// Type implements [pflag.Value].
func (n named) Type() string { return n.name }

// describe gives flags their texts, which go by the command and the flag.
func describe(set *pflag.FlagSet, command string) {
	set.VisitAll(func(f *pflag.Flag) {
		f.Usage = i18n.T("help.flag." + command + "--" + f.Name)
		if f.NoOptDefVal == "" {
			f.Value = named{f.Value, i18n.T("placeholder." + f.Name)}
		}
	})
}

// synopsis returns what can follow the name of a command.
func synopsis(set *pflag.FlagSet, c command) string {
	var b strings.Builder
	set.VisitAll(func(f *pflag.Flag) {
		option := "--" + f.Name
		if f.Shorthand != "" {
			option = "-" + f.Shorthand
		}
		if f.NoOptDefVal == "" {
			option += " " + f.Value.Type()
		}
		switch {
		case len(c.either) == 2 && f.Name == c.either[0]:
			b.WriteString(" [" + option + " | --" + c.either[1] + "]")
		case len(c.either) == 2 && f.Name == c.either[1]:
		default:
			b.WriteString(" [" + option + "]")
		}
	})
	if name := c.takes(); name != "" {
		b.WriteString(" " + strings.Replace(c.argument, name, i18n.T("placeholder."+name), 1))
	}
	return b.String()
}
