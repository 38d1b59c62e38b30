package cli

import (
	"io"
	"os"
	goruntime "runtime"

	"golang.org/x/term"

	"colabtray/internal/i18n"
)

// screen is where a person reads what the program writes. Whatever comes from
// elsewhere is made harmless on its way, however it came into a text.
type screen struct {
	unfiltered io.Writer
	// wraps tells that lines are broken at words, to the width of the terminal.
	wraps bool
	// coloured tells that the terminal shows colours, and its person wants them.
	coloured bool
}

// Write implements [io.Writer].
func (s screen) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.unfiltered, s.fit(i18n.Lines(string(p)))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// fit breaks the lines of a text where the screen does so.
func (s screen) fit(text string) string {
	if !s.wraps {
		return text
	}
	return wrap(text, columns(s.unfiltered))
}

// screens makes what the program writes readable for a person. Standard output is for
// programs, too: its lines are broken only by who writes sentences to it.
func (p *Program) screens() *Program {
	shown := *p
	shown.Stdout = screen{unfiltered: p.Stdout, coloured: p.wantsColour(p.Stdout)}
	shown.Stderr = screen{unfiltered: p.Stderr, coloured: p.wantsColour(p.Stderr), wraps: true}
	return &shown
}

// wantsColour reports whether colours are wanted where w leads to: https://no-color.org.
func (p *Program) wantsColour(w io.Writer) bool {
	never, _ := p.LookupEnv("NO_COLOR")
	if never != "" || !isTerminal(w) || p.isDumb() {
		return false
	}
	_, modern := p.LookupEnv("WT_SESSION") // a console of Windows without it may show them as text
	return modern || goruntime.GOOS != "windows"
}

// isDumb reports whether the terminal can do nothing but show one line after the other.
func (p *Program) isDumb() bool {
	name, _ := p.LookupEnv("TERM")
	return name == "dumb"
}

// sentences returns standard output for text that a person reads, and no program.
func (in *invocation) sentences() io.Writer {
	if s, is := in.Stdout.(screen); is {
		s.wraps = true
		return s
	}
	return in.Stdout
}

// style is how a text stands out in a terminal: the parameters of SGR (ECMA-48).
type style string

const (
	plain  style = ""
	bold   style = "1"
	red    style = "1;31"
	green  style = "32"
	yellow style = "33"
)

// printStyled prints a text that ends a line, the first part of it in a style.
func printStyled(w io.Writer, as style, first, rest string) error {
	s, is := w.(screen)
	if !is || !s.coloured || as == plain {
		_, err := io.WriteString(w, first+rest+"\n")
		return err
	}
	first = i18n.Lines(first)
	text := s.fit(first + i18n.Lines(rest))
	end := len(first)
	if rest == "" {
		end = len(text)
	}
	_, err := io.WriteString(s.unfiltered, "\x1b["+string(as)+"m"+text[:end]+"\x1b[0m"+text[end:]+"\n")
	return err
}

// unfiltered returns what is behind a screen, for programs that have the terminal to
// themselves and for a line that is written over.
func unfiltered(w io.Writer) io.Writer {
	if s, is := w.(screen); is {
		return s.unfiltered
	}
	return w
}

// isTerminal reports whether a person sees at once what is written, or types what is
// read.
func isTerminal(stream any) bool {
	f := fileOf(stream)
	return f != nil && term.IsTerminal(int(f.Fd()))
}

// columns returns the width of the terminal; 0 where there is none, or none that says.
func columns(stream any) int {
	f := fileOf(stream)
	if f == nil {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func fileOf(stream any) *os.File {
	if s, is := stream.(screen); is {
		stream = s.unfiltered
	}
	f, _ := stream.(*os.File)
	return f
}

// printJSON prints a value for programs, on a line.
func (in *invocation) printJSON(value any) error {
	text, err := i18n.JSON(value)
	if err != nil {
		return err
	}
	_, err = in.Stdout.Write(append(text, '\n'))
	return err
}
