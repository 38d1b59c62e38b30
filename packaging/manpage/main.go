// Command manpage makes the man page from its source and from the program's
// definition of the command line, so that commands and flags are defined once.
//
//	manpage SOURCE PAGE
//
// The source is an mdoc page with three directives. "@command NAME" becomes the item
// of a command, with its flags. "@json NAME , NAME" becomes the item of what commands print
// with --json, whose fields are the items below. "@flag NAME" becomes the item of a flag that every
// command has. "@settings" becomes the list of the settings. It is an error if the
// source leaves out a command or flag, or names one that does not exist.
package main

//go:generate go run . ../../docs/colab-tray.1.in ../../docs/colab-tray.1

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"colabtray/internal/cli"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("manpage: ")
	if len(os.Args) != 3 {
		log.Fatal("usage: manpage SOURCE PAGE")
	}
	source, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	text, err := page(filepath.Base(os.Args[1]), string(source), cli.CommandLine())
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[2], []byte(text), 0o644); err != nil {
		log.Fatal(err)
	}
}

// page returns the page for a source. The name of the source is for messages.
func page(name, source string, root *cobra.Command) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, ".\\\" Made from %s and the program by go generate: change those.\n", name)
	left := items(root)
	prose := map[string]string{} // the text below each directive
	item := ""
	for line := range strings.Lines(source) {
		if !strings.HasPrefix(line, "@") {
			b.WriteString(line)
			prose[item] += line
			continue
		}
		item = strings.TrimSpace(line)
		if item == "@settings" {
			b.WriteString(settings())
			continue
		}
		if names, is := strings.CutPrefix(item, "@json "); is {
			b.WriteString(".It Cm " + names + "\n")
			continue
		}
		text, known := left[item]
		if !known {
			return "", fmt.Errorf("%s: there is no such command or flag, or it was told of before: %s", name, item)
		}
		delete(left, item)
		b.WriteString(".It " + text + "\n")
	}
	for item := range left {
		return "", fmt.Errorf("%s does not tell of it: %s", name, item)
	}
	return b.String(), errors.Join(undocumented(name, prose, root), wrongFields(name, prose, root))
}

// items returns the mdoc item of each command and flag, by its directive in the source.
func items(root *cobra.Command) map[string]string {
	all := map[string]string{}
	for _, c := range commands(root) {
		_, options, _ := strings.Cut(c.Use, " ")
		all["@command "+nameOf(c)] = strings.TrimSpace("Cm " + nameOf(c) + " " + macros(options))
	}
	root.LocalFlags().VisitAll(func(f *pflag.Flag) {
		item := "Fl -" + f.Name
		if f.Shorthand != "" {
			item = "Fl " + f.Shorthand + " , " + item
		}
		if f.NoOptDefVal == "" {
			item += " " + macros(f.Value.Type())
		}
		all["@flag "+f.Name] = item
	})
	return all
}

// commands returns the commands without subcommands, at any depth.
func commands(c *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, below := range c.Commands() {
		if below.HasSubCommands() {
			all = append(all, commands(below)...)
		} else {
			all = append(all, below)
		}
	}
	return all
}

func nameOf(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}

// option matches a group in brackets, or a word.
var option = regexp.MustCompile(`\[[^]]*\]|\S+`)

// macros translates the arguments of a command to mdoc. A group in brackets at the end
// of the line becomes Op, which reaches to the end of the line; other groups become
// Oo and Oc.
func macros(synopsis string) string {
	var all []string
	options := option.FindAllString(synopsis, -1)
	for i, o := range options {
		inner, optional := strings.CutPrefix(o, "[")
		text := strings.Join(markUp(strings.TrimSuffix(inner, "]")), " ")
		switch {
		case optional && i == len(options)-1:
			text = "Op " + text
		case optional:
			text = "Oo " + text + " Oc"
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// markUp returns the words of a text, with the mdoc macros for flags and for values.
func markUp(text string) []string {
	all := strings.Fields(text)
	for i, word := range all {
		flag, isFlag := strings.CutPrefix(word, "-") // the macro Fl adds this hyphen
		switch {
		case isFlag:
			all[i] = "Fl " + flag
		case word == "|":
		case len(word) == 1:
			all[i] = "Ar " + word
		default:
			all[i] = "Ar " + strings.ToLower(word)
		}
	}
	return all
}

// field matches the item of a field of JSON, which can be the item of several.
var field = regexp.MustCompile(`(?m)^\.It Li (.+)$`)

// wrongFields returns an error if the text does not tell of just the fields that a
// command prints with --json.
func wrongFields(name string, prose map[string]string, root *cobra.Command) error {
	told := map[string][]string{}
	for item, text := range prose {
		commands, is := strings.CutPrefix(item, "@json ")
		if !is {
			continue
		}
		for _, command := range strings.Split(commands, " , ") {
			for _, fields := range field.FindAllStringSubmatch(text, -1) {
				told[command] = append(told[command], strings.Split(fields[1], " , ")...)
			}
		}
	}
	var wrong []string
	for _, c := range commands(root) {
		got, want := told[nameOf(c)], cli.JSONFields(nameOf(c))
		if c.Flags().Lookup("json") != nil {
			// A problem is told of once, for all who print one.
			got, want = append(got, told["problem"]...), append(want, cli.JSONFields("problem")...)
		}
		if !equal(got, want) {
			wrong = append(wrong, fmt.Sprintf("%s does not tell of the JSON of %s: it has %q, and there are %q", name, nameOf(c), got, want))
		}
	}
	slices.Sort(wrong)
	if wrong == nil {
		return nil
	}
	return errors.New(strings.Join(wrong, "\n"))
}

// equal reports whether two lists have the same texts, in any order.
func equal(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// undocumented returns an error if the text of a command leaves out one of its flags.
func undocumented(name string, prose map[string]string, root *cobra.Command) error {
	var flags []string
	for _, c := range commands(root) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name == "json" { // see wrongFields
				return
			}
			if !regexp.MustCompile(`(?m)Fl -` + regexp.QuoteMeta(f.Name) + `( |$)`).MatchString(prose["@command "+nameOf(c)]) {
				flags = append(flags, nameOf(c)+" --"+f.Name)
			}
		})
	}
	if flags == nil {
		return nil
	}
	slices.Sort(flags)
	return fmt.Errorf("%s does not tell of %s", name, strings.Join(flags, ", "))
}
