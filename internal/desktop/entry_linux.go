package desktop

import (
	"slices"
	"strings"
)

// entry is a desktop entry file as a list of lines, so that a change leaves all other
// lines as they are. See
// https://specifications.freedesktop.org/desktop-entry-spec/latest/.
type entry []string

func parseEntry(text string) entry {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func (e entry) String() string { return strings.Join(e, "\n") + "\n" }

const mainGroup = "[Desktop Entry]"

// group returns the range of lines in the main group, 0 and 0 if there is no such group.
func (e entry) group() (begin, end int) {
	isHeader := func(line string) bool { return strings.HasPrefix(line, "[") }
	begin = 1 + slices.IndexFunc(e, func(line string) bool { return strings.TrimSpace(line) == mainGroup })
	if begin == 0 {
		return 0, 0
	}
	if n := slices.IndexFunc(e[begin:], isHeader); n >= 0 {
		return begin, begin + n
	}
	return begin, len(e)
}

// find returns the line of a key in the main group, -1 if there is none.
func (e entry) find(key string) int {
	begin, end := e.group()
	for i := begin; i < end; i++ {
		if name, _, ok := strings.Cut(e[i], "="); ok && strings.TrimSpace(name) == key {
			return i
		}
	}
	return -1
}

// get returns the value of a key in the main group, still escaped, "" if there is none.
func (e entry) get(key string) string {
	i := e.find(key)
	if i < 0 {
		return ""
	}
	_, value, _ := strings.Cut(e[i], "=")
	return strings.TrimSpace(value)
}

// set returns the entry with a new value of a key in the main group.
func (e entry) set(key, value string) entry {
	line := key + "=" + value
	if i := e.find(key); i >= 0 {
		e = slices.Clone(e)
		e[i] = line
		return e
	}
	begin, end := e.group()
	if begin == 0 {
		return append(slices.Clone(e), mainGroup, line)
	}
	for end > begin && strings.TrimSpace(e[end-1]) == "" { // insert before the empty lines that end the group
		end--
	}
	return slices.Insert(slices.Clone(e), end, line)
}

// without returns the entry without some keys.
func (e entry) without(keys ...string) entry {
	e = slices.Clone(e)
	for _, key := range keys {
		for i := e.find(key); i >= 0; i = e.find(key) {
			e = slices.Delete(e, i, i+1)
		}
	}
	return e
}

// The escape sequences in the values of all keys.
var (
	escapeString   = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`)
	unescapeString = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t", `\r`, "\r", `\s`, " ")
)

// quoteExec returns the value of the key Exec for the path of a program: quoted if it
// contains a reserved character, with % doubled, and then escaped as every string is.
// GLib checks the first word before it undoes the doubling, so a path with a % must be
// the second word.
func quoteExec(program string) string {
	first := ""
	if strings.Contains(program, "%") {
		first, program = "env ", strings.ReplaceAll(program, "%", "%%")
	}
	if strings.ContainsAny(program, " \t\n\"'\\><~|&;$*?#()`") {
		program = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(program) + `"`
	}
	return first + escapeString.Replace(program)
}

// execProgram returns the program that a value of the key Exec starts.
func execProgram(value string) string {
	value = strings.TrimSpace(unescapeString.Replace(value))
	var program strings.Builder
	quoted := false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '"':
			quoted = !quoted
			continue
		case c == ' ' && !quoted:
			return strings.ReplaceAll(program.String(), "%%", "%")
		case c == '\\' && quoted && i+1 < len(value):
			i++
			c = value[i]
		}
		program.WriteByte(c)
	}
	return strings.ReplaceAll(program.String(), "%%", "%")
}
