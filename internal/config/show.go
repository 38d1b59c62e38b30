package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/secret"
)

// Show returns the settings in force as TOML: the selected profile and the
// preferences, with the source of each value in a comment. The result is a valid
// settings file, except that the values of env are redacted.
func Show(from Sources) (string, error) {
	inForce, err := InForce(from)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	shown := ""
	for _, s := range inForce {
		if s.table != shown {
			shown = s.table
			fmt.Fprintf(&b, "\n[%s]\n", s.table)
		}
		fmt.Fprintf(&b, "%-50s # %s\n", s.name+" = "+s.text, s.Source)
	}
	return b.String(), nil
}

// Shown is a setting in force.
type Shown struct {
	// Key is the key in the settings file, with its tables.
	Key string
	// Value is the value as TOML has it: a text, a number, a truth, a list or a table.
	Value any
	// Source is where the value comes from.
	Source string

	table, name, text string
}

// InForce returns the settings in force: the selected profile and the preferences. The
// values of env are redacted.
func InForce(from Sources) ([]Shown, error) {
	content, err := readFile(from.File)
	if err != nil {
		return nil, err
	}
	s, err := content.settings(from)
	if err != nil {
		return nil, err
	}
	var all []Shown
	for _, t := range tables {
		table := t.at(s.Profile.Name)
		for _, one := range t.settings {
			if one.show == nil {
				continue
			}
			text := one.show(&s)
			shown := Shown{Source: content.originOf(from, one, table), name: one.key, text: text}
			if len(t.path) > 0 {
				shown.table = dotted(table.key)
			}
			shown.Key = strings.TrimPrefix(shown.table+"."+one.key, ".")
			shown.Value = newIndex([]byte("value = " + text)).root.stated("value")
			all = append(all, shown)
		}
	}
	return all, nil
}

// originOf returns the source of a setting's value.
func (f *file) originOf(from Sources, s setting[Settings], table location) string {
	if _, source, given := from.override(s.key); given {
		return source
	}
	origin := f.origin(table.in(s.key))
	if origin == defaultOrigin && s.unstated != "" {
		return s.unstated
	}
	if s.with == "" {
		return origin
	}
	if with := f.origin(table.in(s.with)); with != defaultOrigin {
		origin += ", " + s.with + " in " + with
	}
	return strings.TrimPrefix(origin, defaultOrigin+", ")
}

const defaultOrigin = "default"

// origin returns the line of a location in the file, such as "line 3".
func (f *file) origin(at location) string {
	if line := f.line(at); line > 0 {
		return fmt.Sprintf("line %d", line)
	}
	return defaultOrigin
}

// showEnv returns the environment variables with redacted values.
func showEnv(s *Settings) string {
	var env []string
	for _, v := range s.Profile.Env {
		env = append(env, dotted([]string{v.Name})+" = "+quote(secret.Redacted))
	}
	return "{" + strings.Join(env, ", ") + "}"
}

// encoded returns the folder as TOML.
func (f Folder) encoded() string {
	var keys []string
	for _, s := range folderSettings {
		keys = append(keys, s.key+" = "+s.show(&f))
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// encoded returns the GPUs as TOML.
func (g GPU) encoded() string {
	switch {
	case g.All:
		return quote("all")
	case g.Count > 0:
		return encode(g.Count)
	case len(g.IDs) > 0:
		return encode(g.IDs)
	default:
		return quote("off")
	}
}

// encodeSize returns a number of bytes in the largest unit in which it is a whole
// number.
func encodeSize(bytes int64) string {
	units := []string{"", "k", "m", "g", "t"}
	for i, unit := range slices.Backward(units) {
		if size := int64(1) << (10 * i); bytes != 0 && bytes%size == 0 && unit != "" {
			return quote(strconv.FormatInt(bytes/size, 10) + unit)
		}
	}
	return encode(bytes)
}
