package cli

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// leastColumns is the width of a terminal below which lines are not broken.
const leastColumns = 24

// commandIndent is in front of commands to copy, whose lines are never broken.
const commandIndent = "    "

// wrap breaks the lines of a text at blanks, so that none is wider than a terminal. A
// broken line goes on below its last column, which stands behind two blanks or more. A
// word that is wider than the terminal, such as a URL, stays whole.
func wrap(text string, columns int) string {
	if columns < leastColumns {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		wrapLine(&b, line, columns)
	}
	return b.String()
}

func wrapLine(b *strings.Builder, line string, columns int) {
	if cells(line) <= columns || isCommand(line) || strings.Contains(line, "\t") {
		b.WriteString(line)
		return
	}
	start := lastColumn(line)
	indent := cells(line[:start])
	if indent > columns/2 {
		start, indent = 0, 0
	}
	b.WriteString(line[:start])
	at := indent
	for i, word := range strings.Split(line[start:], " ") {
		switch size := cells(word); {
		case i == 0:
			at += size
		case at+1+size > columns:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent + size
		default:
			b.WriteByte(' ')
			at += 1 + size
		}
		b.WriteString(word)
	}
}

// isCommand reports whether a line is a command to copy.
func isCommand(line string) bool {
	rest, is := strings.CutPrefix(line, commandIndent)
	return is && !strings.HasPrefix(rest, " ")
}

// lastColumn returns where the last column of a line begins.
func lastColumn(line string) int {
	start := len(line) - len(strings.TrimLeft(line, " "))
	for i := start; i < len(line); i++ {
		if line[i] != ' ' && i >= 2 && line[i-2:i] == "  " {
			start = i
		}
	}
	return start
}

// cells returns how many cells of a terminal a text fills. Signs of East Asia and emoji
// fill two, and accents that belong to the letter before them none.
func cells(text string) int {
	count := 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cc):
		case isWide(r):
			count += 2
		default:
			count++
		}
	}
	return count
}

func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// cut returns what of a text fits into so many cells, with a sign that something is
// left out.
func cut(text string, most int) string {
	if cells(text) <= most {
		return text
	}
	used := 0
	for i, r := range text {
		size := cells(string(r))
		if used+size > most-1 {
			return text[:i] + "…"
		}
		used += size
	}
	return text
}
