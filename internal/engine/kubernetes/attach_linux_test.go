package kubernetes

import (
	"strings"
	"testing"

	"colabtray/internal/engine"
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
