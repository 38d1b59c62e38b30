package kubernetes

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/enginetest"
	"colabtray/test/testenv"
)

// TestVerdict: what kubectl adds to the output of a command that fails is not shown, in
// whatever pieces it arrives.
func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		said, shown string
		code        int
		told        bool
	}{
		{"", "", 0, false},
		{"err\n", "err\n", 0, false},
		{"err\ncommand terminated with exit code 4\n", "err\n", 4, true},
		{"errcommand terminated with exit code 137\r\n", "err", 137, true},
		{"command terminated with exit code 4\nand more\n", "command terminated with exit code 4\nand more\n", 0, false},
		{"command terminated", "command terminated", 0, false},
		{"command terminated with exit code x", "command terminated with exit code x", 0, false},
	} {
		for size := 1; size <= len(test.said)+1; size++ {
			var shown strings.Builder
			f := &verdictFilter{to: &shown}
			for rest := test.said; rest != ""; {
				n := min(size, len(rest))
				if written, err := f.Write([]byte(rest[:n])); written != n || err != nil {
					t.Fatalf("%d, %v", written, err)
				}
				rest = rest[n:]
			}
			if code, told := f.end(); code != test.code || told != test.told || shown.String() != test.shown {
				t.Errorf("%q in pieces of %d: %q, %d, %t", test.said, size, &shown, code, told)
			}
		}
	}
}

func TestCommandOf(t *testing.T) {
	t.Parallel()
	got := commandOf(engine.Command{Args: []string{"ls", "-l"}, Dir: "-x", Env: []string{"TERM=xterm"}})
	if text := strings.Join(got, " "); text != `sh -c cd -- "$1" && shift && exec "$@" sh -x env TERM=xterm ls -l` {
		t.Error(text)
	}
}

// TestAttachOwnTerminal: kubectl makes the command's terminal of the person's, as it does on
// systems where it is given no other.
func TestAttachOwnTerminal(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster := testenv.Cluster(t)
	cluster.Use(t)
	bob := newPerson(t, cluster, "bob")
	c := bob.runs(enginetest.Lives, func(*engine.Spec) {})
	ours, its, err := openTerminal()
	must(t, err)
	must(t, setSize(its, engine.TerminalSize{Rows: 33, Columns: 99}))
	said := &verdictFilter{to: its}
	ended := make(chan error, 1)
	go func() {
		command := append([]string{"exec", "-i", "--tty"}, inside(c.Name, []string{"sh", "-c", enginetest.Sizes})[2:]...)
		ended <- attachOwnTerminal(t.Context(), bob.tool(), command, engine.Command{Stdin: its, Stdout: its}, said)
		_ = its.Close()
	}()
	lines := bufio.NewScanner(ours)
	for lines.Scan() && strings.TrimSpace(lines.Text()) != "33 99" {
		_, _ = io.WriteString(ours, "again\n") // the size arrives when it does
	}
	_, _ = io.WriteString(ours, "\n")
	for lines.Scan() {
		_, _ = io.WriteString(ours, "\n")
	}
	var failure *toolError
	if err := <-ended; !errors.As(err, &failure) || failure.exit != 5 {
		t.Errorf("it ended with %v", err)
	}
	if code, told := said.end(); !told || code != 5 {
		t.Errorf("kubectl's verdict is %d, %t", code, told)
	}
	must(t, ours.Close())
}
