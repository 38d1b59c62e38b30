package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"colabtray/internal/cli"
)

// TestPageIsCurrent: the page is the one that its source and the program make.
func TestPageIsCurrent(t *testing.T) {
	source, err := os.ReadFile("../../docs/colab-tray.1.in")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/colab-tray.1")
	if err != nil {
		t.Fatal(err)
	}
	want, err := page("colab-tray.1.in", string(source), cli.CommandLine())
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/colab-tray.1 is not current: run make man")
	}
}

func TestMacros(t *testing.T) {
	for synopsis, want := range map[string]string{
		"":                                 "",
		"FILE":                             "Ar file",
		"[FILE]":                           "Op Ar file",
		"[-f] [--tail N]":                  "Oo Fl f Oc Op Fl -tail Ar N",
		"[--undo | --remove-old]":          "Op Fl -undo | Fl -remove-old",
		"[--all | --watch] [--json] FILE":  "Oo Fl -all | Fl -watch Oc Oo Fl -json Oc Ar file",
		"[--no-backup] [--yes] [FILENAME]": "Oo Fl -no-backup Oc Oo Fl -yes Oc Op Ar filename",
	} {
		if got := macros(synopsis); got != want {
			t.Errorf("%q: %q, want %q", synopsis, got, want)
		}
	}
}

// TestNothingIsLeftOut: the page tells of all that the program has, and of nothing
// else.
func TestNothingIsLeftOut(t *testing.T) {
	root := &cobra.Command{Use: "program"}
	root.PersistentFlags().BoolP("loud", "l", false, "")
	run := &cobra.Command{Use: "run [--fast] FILE", Run: func(*cobra.Command, []string) {}}
	run.Flags().Bool("fast", false, "")
	root.AddCommand(run)
	const command, flag = "@command run\nRuns it, with\n.Fl -fast\nfast.\n", "@flag loud\nLoud.\n"
	for _, test := range []struct{ name, source, want string }{
		{"all", command + flag, ""},
		{"no command", flag, "s.in does not tell of it: @command run"},
		{"no flag of every command", command, "s.in does not tell of it: @flag loud"},
		{"no flag of the command", "@command run\nRuns it.\n" + flag + "Not here:\n.Fl -fast\n", "s.in does not tell of run --fast"},
		{"another command", "@command walk\n" + command + flag, "s.in: there is no such command or flag, or it was told of before: @command walk"},
		{"twice", command + command + flag, "s.in: there is no such command or flag, or it was told of before: @command run"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := page("s.in", test.source, root)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want == "" && !strings.HasSuffix(text, ".It Cm run Oo Fl -fast Oc Ar file\nRuns it, with\n.Fl -fast\nfast.\n.It Fl l , Fl -loud\nLoud.\n"):
				t.Errorf("got %s", text)
			case test.want != "" && (err == nil || err.Error() != test.want):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
