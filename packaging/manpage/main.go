// Command manpage makes the man page from its source and from the command line
// as the program defines it, so that commands and flags are written once.
//
//	manpage SOURCE PAGE
//
// The source is the page in mdoc, with three lines of its own: "@command NAME"
// becomes the item of a command, with its flags, and "@flag NAME" that of a flag
// that every command has; "@settings" becomes the list of the settings. What a command has and the source does not tell of is an
// error, and so is the reverse.
package main

//go:generate go run . ../../docs/colab-tray.1.in ../../docs/colab-tray.1

import (
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

// page makes the page from the source, which has a name.
func page(name, source string, root *cobra.Command) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, ".\\\" Made from %s and the program by go generate: change those.\n", name)
	left := items(root)
	prose := map[string]string{} // of each item
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
	return b.String(), untold(name, prose, root)
}

// items returns what stands for each command and flag, by its line in the source.
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

// commands returns the commands that do something, at any depth.
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

// option is what is in brackets, or a word.
var option = regexp.MustCompile(`\[[^]]*\]|\S+`)

// macros writes what can follow a command in mdoc. What is in brackets at the end
// of a line has a macro that reaches to that end; earlier it is opened and closed.
func macros(synopsis string) string {
	var all []string
	options := option.FindAllString(synopsis, -1)
	for i, o := range options {
		inner, optional := strings.CutPrefix(o, "[")
		text := strings.Join(words(strings.TrimSuffix(inner, "]")), " ")
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

// words marks flags, and what stands for a value.
func words(text string) []string {
	all := strings.Fields(text)
	for i, word := range all {
		flag, is := strings.CutPrefix(word, "-") // mdoc writes this one itself
		switch {
		case is:
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

// untold finds a flag of a command that its text does not tell of.
func untold(name string, prose map[string]string, root *cobra.Command) error {
	var flags []string
	for _, c := range commands(root) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
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
