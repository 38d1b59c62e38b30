package main

import (
	"fmt"
	"strings"

	"colabtray/internal/config"
)

// settings returns the list of all settings, table by table.
func settings() string {
	var b strings.Builder
	table := ""
	for i, entry := range config.Reference() {
		if i == 0 || entry.Table != table {
			if i > 0 {
				b.WriteString(".El\n")
			}
			table = entry.Table
			if table == "" {
				b.WriteString("At its top:\n")
			} else {
				fmt.Fprintf(&b, "In the table\n.Li [%s] :\n", table)
			}
			b.WriteString(".Bl -tag -width Ds\n")
		}
		fmt.Fprintf(&b, ".It Li %s = %s\n", entry.Key, quoted(entry.Default))
		for line := range strings.Lines(strings.TrimSpace(entry.Text)) {
			line = strings.TrimRight(line, "\n")
			if example, ok := strings.CutPrefix(line, "  "); ok {
				fmt.Fprintf(&b, ".Dl %s\n", quoted(example))
				continue
			}
			// mandoc wants each sentence on a line of its own. A line that begins with
			// a dot or an apostrophe would be a macro.
			for sentence := range strings.SplitAfterSeq(line, ". ") {
				if sentence = strings.TrimSpace(sentence); sentence != "" {
					fmt.Fprintf(&b, "%s\n", protected(strings.ReplaceAll(sentence, `\`, `\e`)))
				}
			}
		}
	}
	b.WriteString(".El\n")
	return b.String()
}

// protected keeps a line of text from being a macro.
func protected(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}

// quoted returns a text as one argument of a macro.
func quoted(text string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\e`), `"`, `\(dq`) + `"`
}
