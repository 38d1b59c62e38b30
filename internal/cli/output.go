package cli

import (
	"io"

	"colabtray/internal/i18n"
)

// screen is where a person reads what the program writes. Whatever comes from
// elsewhere is made harmless on its way, however it came into a text.
type screen struct{ unfiltered io.Writer }

// Write implements [io.Writer].
func (s screen) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.unfiltered, i18n.Lines(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// unfiltered returns what is behind a screen, for programs that have the terminal to
// themselves and for a line that is written over.
func unfiltered(w io.Writer) io.Writer {
	if s, is := w.(screen); is {
		return s.unfiltered
	}
	return w
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
