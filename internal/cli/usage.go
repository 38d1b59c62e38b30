package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"colabtray/internal/i18n"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError tells what makes no sense in a command line.
type usageError struct {
	wrong string
	meant []string // what may have been meant
	help  string   // the command that tells more
	alone bool     // wrong is a sentence that says all
}

func (e *usageError) Error() string { return i18n.T("cli.usage", "wrong", e.wrong) }

// tellUsage writes what is wrong with a command line, what may have been meant,
// and where to read on.
func (p *Program) tellUsage(e *usageError) {
	if e.alone {
		fmt.Fprintln(p.Stderr, e.wrong)
		return
	}
	fmt.Fprintf(p.Stderr, "colab-tray: %v\n", e)
	if len(e.meant) > 0 {
		fmt.Fprintln(p.Stderr, i18n.T("cli.didYouMean", "names", strings.Join(e.meant, i18n.T("cli.or"))))
	}
	fmt.Fprintln(p.Stderr, i18n.T("cli.usageHint", "command", e.help))
}

// accept takes what follows a command, and looks at its flags as a whole.
func (in *invocation) accept(this *cobra.Command, c command, args []string) error {
	if c.takes() == "line" {
		if len(args) > 0 && this.ArgsLenAtDash() != 0 {
			return &usageError{wrong: i18n.T("cli.needsDashes", "command", c.name)}
		}
		return nil
	}
	most := map[string]int{"file": 1, "paths": 2, "shell": 1, "address": 1, "command": 2, "shutdown": 2, "keep": math.MaxInt}[c.takes()]
	if len(args) > most {
		return takesNo(this, args[most])
	}
	if c.takes() == "file" && len(args) > 0 {
		if in.file = args[0]; in.file == "" {
			return &usageError{wrong: i18n.T("cli.emptyFile")}
		}
	}
	if c.either != nil && this.Flags().Changed(c.either[0]) && this.Flags().Changed(c.either[1]) {
		return &usageError{wrong: i18n.T("cli.oneOrOther", "command", c.name, "one", "--"+c.either[0], "other", "--"+c.either[1])}
	}
	return nil
}

// takesNo tells that a word behind a command means nothing there.
func takesNo(c *cobra.Command, word string) error {
	return &usageError{wrong: i18n.T("cli.takesNo", "command", strings.TrimSpace(behindProgram(c)), "argument", i18n.Escaped(word))}
}

// noCommand tells what is wrong with the words behind a command that has others.
func noCommand(c *cobra.Command, args []string) error {
	var typed string
	if len(args) > 0 {
		typed = args[0]
	}
	names := namesOf(c)
	switch {
	case c.HasParent():
		return needsOneOf(c.Name(), typed, names)
	case len(args) == 0:
		return nil
	default:
		return &usageError{wrong: i18n.T("cli.noCommand", "command", i18n.Escaped(typed)), meant: nearest(typed, names)}
	}
}

// needsOneOf tells that a command needs a word of a few, and has another or none.
func needsOneOf(command, typed string, choices []string) error {
	return &usageError{
		wrong: i18n.T("cli.needsOneOf", "command", command, "words", strings.Join(choices, ", ")),
		meant: nearest(typed, choices),
	}
}

// namesOf returns the names of the commands below one.
func namesOf(c *cobra.Command) []string {
	var names []string
	for _, below := range c.Commands() {
		names = append(names, below.Name())
	}
	return names
}

// nearest returns the names that are much like what was typed, by the library's
// measure.
func nearest(typed string, names []string) []string {
	if typed == "" {
		return nil
	}
	all := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range names {
		all.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	return all.SuggestionsFor(typed)
}

// usageMistake makes an error about the command line tell who reads it where to
// read on; the library's own errors about flags get words of ours.
func usageMistake(at *cobra.Command, err error) error {
	usage := flagMistake(at, err)
	if usage == nil && !errors.As(err, &usage) {
		return err
	}
	if usage.help == "" {
		usage.help = helpCommand(at)
	}
	return usage
}

// flagMistake says what the library's errors about flags say; nil for others.
func flagMistake(at *cobra.Command, err error) *usageError {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var unfit *pflag.InvalidValueError
	var syntax *pflag.InvalidSyntaxError
	switch {
	case errors.As(err, &unknown):
		name, dashes := unknown.GetSpecifiedShortnames(), "-"
		if name == "" {
			name, dashes = unknown.GetSpecifiedName(), "--"
		}
		return &usageError{wrong: i18n.T("cli.unknownFlag", "flag", dashes+name), meant: nearestFlags(at, name)}
	case errors.As(err, &missing):
		return &usageError{wrong: i18n.T("cli.flagWithoutValue", "flag", "--"+missing.GetFlag().Name)}
	case errors.As(err, &unfit):
		return &usageError{wrong: i18n.T("cli.badFlag", "flag", "--"+unfit.GetFlag().Name, "value", i18n.Escaped(unfit.GetValue()))}
	case errors.As(err, &syntax):
		return &usageError{wrong: i18n.T("cli.badSyntax", "flag", i18n.Escaped(syntax.GetSpecifiedFlag()))}
	default:
		return nil
	}
}

// nearestFlags returns the flags of a command that are much like what was typed.
func nearestFlags(c *cobra.Command, typed string) []string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	near := nearest(typed, names)
	for i, name := range near {
		near[i] = "--" + name
	}
	return near
}

// twoDashes gives a long flag that was typed with one dash its second one: to the
// library, one dash is a row of short flags.
func twoDashes(root *cobra.Command, args []string) []string {
	args = append([]string{}, args...)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if len(name) > 1 && strings.HasPrefix(arg, "-") && hasFlag(root, name) {
			args[i] = "-" + arg
		}
	}
	return args
}

// hasFlag reports whether a command, or one below it, has a long flag.
func hasFlag(c *cobra.Command, name string) bool {
	return c.Flags().Lookup(name) != nil || c.PersistentFlags().Lookup(name) != nil ||
		slices.ContainsFunc(c.Commands(), func(below *cobra.Command) bool { return hasFlag(below, name) })
}
