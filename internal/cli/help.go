package cli

import (
	"context"
	"fmt"
	"strings"

	"colabtray/internal/i18n"

	"github.com/spf13/cobra"
)

func runHelp(_ context.Context, in *invocation) error {
	c, rest, err := in.root.Find(in.args)
	if err != nil {
		return err
	}
	switch {
	case len(rest) == 0:
		in.help(c)
		return nil
	case c.HasSubCommands():
		return usageMistake(c, noCommand(c, rest))
	default:
		return usageMistake(c, takesNo(c, rest[0]))
	}
}

// helpCommand is what to run to be told of a command.
func helpCommand(c *cobra.Command) string { return "colab-tray help" + behindProgram(c) }

// behindProgram is what a command is called, with a blank before it.
func behindProgram(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name())
}

// help tells of a command and its flags, or of all commands.
func (in *invocation) help(c *cobra.Command) {
	var b strings.Builder
	if c.HasParent() {
		helpOfOne(&b, c)
	} else {
		helpOfAll(&b, c)
	}
	fmt.Fprint(in.sentences(), b.String())
}

func helpOfAll(b *strings.Builder, root *cobra.Command) {
	b.WriteString(i18n.T("help.intro") + "\n\n")
	listCommands(b, root)
	section(b, i18n.T("help.title.everyFlag"), root.PersistentFlags().FlagUsages())
	section(b, i18n.T("help.title.noCommand"), root.LocalNonPersistentFlags().FlagUsages())
	b.WriteString("\n" + i18n.T("help.outro") + "\n")
}

func helpOfOne(b *strings.Builder, c *cobra.Command) {
	b.WriteString(i18n.Sentence(c.Short) + "\n\n")
	b.WriteString(i18n.T("help.usage", "command", c.CommandPath()+strings.TrimPrefix(c.Use, c.Name())) + "\n")
	if c.HasSubCommands() {
		b.WriteString("\n")
		listCommands(b, c)
	}
	if c.Long != "" {
		b.WriteString("\n" + c.Long + "\n")
	}
	section(b, i18n.T("help.title.ownFlag"), c.LocalFlags().FlagUsages())
	section(b, i18n.T("help.title.everyFlag"), c.Root().PersistentFlags().FlagUsages())
}

// section writes what there is to tell, below a title.
func section(b *strings.Builder, title, what string) {
	if what != "" {
		b.WriteString("\n" + title + "\n" + what)
	}
}

// listCommands writes a line for each command that can be run, also of those
// below others.
func listCommands(b *strings.Builder, c *cobra.Command) {
	for _, below := range c.Commands() {
		if below.HasSubCommands() {
			listCommands(b, below)
			continue
		}
		fmt.Fprintf(b, " %-14s %s\n", behindProgram(below), below.Short)
	}
}
